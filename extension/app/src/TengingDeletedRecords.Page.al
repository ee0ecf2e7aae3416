// Generated from the description of the pages; change that and generate again.
page 50154 "Tenging Deleted Records"
{
    PageType = API;
    APIPublisher = 'tenging';
    APIGroup = 'integration';
    APIVersion = 'v1.0';
    EntityName = 'deletedRecord';
    EntitySetName = 'deletedRecords';
    Caption = 'Tenging Deleted Records', Locked = true;
    SourceTable = "Tenging Deleted Record";
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;
    InsertAllowed = false;
    ModifyAllowed = false;
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
                field(entryNumber; Rec."Entry No.")
                {
                    Caption = 'Entry Number', Locked = true;
                    Editable = false;
                }
                field(tableNumber; Rec."Table No.")
                {
                    Caption = 'Table Number', Locked = true;
                    Editable = false;
                }
                field(recordSystemId; Rec."Record System Id")
                {
                    Caption = 'Record System Id', Locked = true;
                    Editable = false;
                }
                field(number; Rec."No.")
                {
                    Caption = 'Number', Locked = true;
                    Editable = false;
                }
                field(deletedAt; Rec."Deleted At")
                {
                    Caption = 'Deleted At', Locked = true;
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
}
