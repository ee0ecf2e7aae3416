// Generated from the description of the pages; change that and generate again.
page 50147 "Tenging Resource Units"
{
    PageType = API;
    APIPublisher = 'tenging';
    APIGroup = 'integration';
    APIVersion = 'v1.0';
    EntityName = 'resourceUnitOfMeasure';
    EntitySetName = 'resourceUnitsOfMeasure';
    Caption = 'Tenging Resource Units', Locked = true;
    SourceTable = "Resource Unit of Measure";
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
                field(resourceNumber; Rec."Resource No.")
                {
                    Caption = 'Resource Number', Locked = true;
                }
                field("code"; Rec."Code")
                {
                    Caption = 'Code', Locked = true;
                }
                field(quantityPerUnitOfMeasure; Rec."Qty. per Unit of Measure")
                {
                    Caption = 'Quantity Per Unit Of Measure', Locked = true;
                }
                field(relatedToBaseUnitOfMeasure; Rec."Related to Base Unit of Meas.")
                {
                    Caption = 'Related To Base Unit Of Measure', Locked = true;
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

    trigger OnAfterGetRecord()
    begin
        Compute();
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        Rec.Insert(true);
        Compute();
        exit(false);
    end;

    trigger OnModifyRecord(): Boolean
    var
        Stored: Record "Resource Unit of Measure";
    begin
        Stored.GetBySystemId(Rec.SystemId);
        Rec.TestField("Resource No.", Stored."Resource No.");
        Rec.TestField("Code", Stored."Code");
        Rec.Modify(true);
        Compute();
        exit(false);
    end;

    trigger OnNewRecord(BelowxRec: Boolean)
    begin
        Clear(BaseUnit);
    end;

    local procedure Compute()
    begin
        BaseUnit := UnitGroups.BaseUnitOfResource(Rec."Resource No.");
    end;

    var
        BaseUnit: Code[10];
        UnitGroups: Codeunit "Tenging Unit Groups";
}
