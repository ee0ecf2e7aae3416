// Generated from the description of the pages; change that and generate again.
page 50152 "Tenging Sales Orders"
{
    PageType = API;
    APIPublisher = 'tenging';
    APIGroup = 'integration';
    APIVersion = 'v1.0';
    EntityName = 'salesOrder';
    EntitySetName = 'salesOrders';
    Caption = 'Tenging Sales Orders', Locked = true;
    SourceTable = "Sales Header";
    SourceTableView = where("Document Type" = const(Order));
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;
    InsertAllowed = false;
    DeleteAllowed = false;

    layout
    {
        area(content)
        {
            repeater(records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'Id', Locked = true;
                    Editable = false;
                }
                field(number; Rec."No.")
                {
                    Caption = 'Number', Locked = true;
                    Editable = false;
                }
                field(customerNumber; Rec."Sell-to Customer No.")
                {
                    Caption = 'Customer Number', Locked = true;
                    Editable = false;
                }
                field(externalDocumentNumber; Rec."External Document No.")
                {
                    Caption = 'External Document Number', Locked = true;
                }
                field(yourReference; Rec."Your Reference")
                {
                    Caption = 'Your Reference', Locked = true;
                }
                field(workDescription; WorkDescription)
                {
                    Caption = 'Work Description', Locked = true;

                    trigger OnValidate()
                    begin
                        IsWorkDescriptionSet := true;
                    end;
                }
                field(quoteNumber; Rec."Quote No.")
                {
                    Caption = 'Quote Number', Locked = true;
                    Editable = false;
                }
                field(shippingAgentCode; Rec."Shipping Agent Code")
                {
                    Caption = 'Shipping Agent Code', Locked = true;
                }
                field(status; Rec."Status")
                {
                    Caption = 'Status', Locked = true;
                    Editable = false;
                }
                field(openedForChange; OpenedForChange)
                {
                    Caption = 'Opened For Change', Locked = true;
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'Last Modified Date Time', Locked = true;
                    Editable = false;
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    begin
        Compute();
    end;

    trigger OnModifyRecord(): Boolean
    begin
        Rec.Modify(true);
        if IsWorkDescriptionSet then
            Rec.SetWorkDescription(WorkDescription);
        Compute();
        exit(false);
    end;

    [ServiceEnabled]
    procedure release(var ActionContext: WebServiceActionContext)
    var
        ReleaseSalesDocument: Codeunit "Release Sales Document";
    begin
        ReleaseSalesDocument.PerformManualRelease(Rec);
        ActionContext.SetObjectType(ObjectType::Page);
        ActionContext.SetObjectId(Page::"Tenging Sales Orders");
        ActionContext.AddEntityKey(Rec.FieldNo(SystemId), Rec.SystemId);
        ActionContext.SetResultCode(WebServiceActionResultCode::Deleted);
    end;

    [ServiceEnabled]
    procedure reopen(var ActionContext: WebServiceActionContext)
    var
        ReleaseSalesDocument: Codeunit "Release Sales Document";
        WasOpen: Boolean;
    begin
        WasOpen := Rec.Status = Rec.Status::Open;
        ReleaseSalesDocument.PerformManualReopen(Rec);
        if not WasOpen then
            OpenedOrder.Note(Rec.SystemId);
        ActionContext.SetObjectType(ObjectType::Page);
        ActionContext.SetObjectId(Page::"Tenging Sales Orders");
        ActionContext.AddEntityKey(Rec.FieldNo(SystemId), Rec.SystemId);
        ActionContext.SetResultCode(WebServiceActionResultCode::Deleted);
    end;

    local procedure Compute()
    begin
        WorkDescription := Rec.GetWorkDescription();
        OpenedForChange := OpenedOrder.IsNoted(Rec.SystemId);
    end;

    var
        WorkDescription: Text;
        OpenedForChange: Boolean;
        OpenedOrder: Record "Tenging Opened Order";
        IsWorkDescriptionSet: Boolean;
}
