// Generated from the description of the pages; change that and generate again.
page 50145 "Tenging Unit Groups"
{
    PageType = API;
    APIPublisher = 'tenging';
    APIGroup = 'integration';
    APIVersion = 'v1.0';
    EntityName = 'unitGroup';
    EntitySetName = 'unitGroups';
    Caption = 'Tenging Unit Groups', Locked = true;
    SourceTable = "Unit Group";
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
                field(sourceType; Rec."Source Type")
                {
                    Caption = 'Source Type', Locked = true;
                    Editable = false;
                }
                field(sourceId; Rec."Source Id")
                {
                    Caption = 'Source Id', Locked = true;
                    Editable = false;
                }
                field(sourceNumber; Rec."Source No.")
                {
                    Caption = 'Source Number', Locked = true;
                    Editable = false;
                }
                field(name; GroupName)
                {
                    Caption = 'Name', Locked = true;
                    Editable = false;
                }
                field(baseUnitOfMeasureCode; BaseUnit)
                {
                    Caption = 'Base Unit Of Measure Code', Locked = true;
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

    trigger OnOpenPage()
    begin
        UnitGroups.CompleteMissing();
    end;

    trigger OnAfterGetRecord()
    begin
        Compute();
    end;

    local procedure Compute()
    begin
        GroupName := UnitGroups.NameOf(Rec);
        BaseUnit := UnitGroups.BaseUnitOf(Rec."Source Type", Rec."Source Id");
    end;

    var
        GroupName: Text[50];
        BaseUnit: Code[10];
        UnitGroups: Codeunit "Tenging Unit Groups";
}
