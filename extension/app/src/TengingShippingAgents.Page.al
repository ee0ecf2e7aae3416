// Generated from the description of the pages; change that and generate again.
page 50148 "Tenging Shipping Agents"
{
    PageType = API;
    APIPublisher = 'tenging';
    APIGroup = 'integration';
    APIVersion = 'v1.0';
    EntityName = 'shippingAgent';
    EntitySetName = 'shippingAgents';
    Caption = 'Tenging Shipping Agents', Locked = true;
    SourceTable = "Shipping Agent";
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;
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
                field("code"; Rec."Code")
                {
                    Caption = 'Code', Locked = true;
                }
                field(name; Rec."Name")
                {
                    Caption = 'Name', Locked = true;
                }
                field(internetAddress; Rec."Internet Address")
                {
                    Caption = 'Internet Address', Locked = true;
                }
                field(accountNumber; Rec."Account No.")
                {
                    Caption = 'Account Number', Locked = true;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'Last Modified Date Time', Locked = true;
                    Editable = false;
                }
            }
        }
    }

    trigger OnModifyRecord(): Boolean
    var
        Stored: Record "Shipping Agent";
    begin
        Stored.GetBySystemId(Rec.SystemId);
        Rec.TestField("Code", Stored."Code");
        Rec.Modify(true);
        exit(false);
    end;
}
