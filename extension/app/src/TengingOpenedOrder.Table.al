// Orders that the page's action opened, and that nobody released since. Whoever releases or opens an order takes its row
// away; the action notes it after that.
table 50168 "Tenging Opened Order"
{
    Caption = 'Tenging Opened Order', Locked = true;
    DataClassification = SystemMetadata;
    Extensible = false;
    InherentEntitlements = RIDX;
    InherentPermissions = RIDX;

    fields
    {
        field(1; "Order System Id"; Guid)
        {
            Caption = 'Order System Id';
        }
    }

    keys
    {
        key(PK; "Order System Id")
        {
            Clustered = true;
        }
    }

    procedure Note(OrderSystemId: Guid)
    begin
        if IsNoted(OrderSystemId) then
            exit;
        Rec.Init();
        Rec."Order System Id" := OrderSystemId;
        Rec.Insert();
    end;

    procedure Forget(OrderSystemId: Guid)
    begin
        if Rec.Get(OrderSystemId) then
            Rec.Delete();
    end;

    procedure IsNoted(OrderSystemId: Guid): Boolean
    begin
        exit(Rec.Get(OrderSystemId));
    end;
}
