// Which records were deleted, and when. Rows are written by whoever deletes a record, so everybody may add them.
table 50160 "Tenging Deleted Record"
{
    Caption = 'Tenging Deleted Record', Locked = true;
    DataClassification = SystemMetadata;
    Extensible = false;
    InherentEntitlements = RIX;
    InherentPermissions = RIX;

    fields
    {
        field(1; "Entry No."; Integer)
        {
            Caption = 'Entry No.';
            AutoIncrement = true;
        }
        field(2; "Table No."; Integer)
        {
            Caption = 'Table No.';
        }
        field(3; "Record System Id"; Guid)
        {
            Caption = 'Record System Id';
        }
        field(4; "No."; Code[20])
        {
            Caption = 'No.';
            DataClassification = CustomerContent;
        }
        field(5; "Deleted At"; DateTime)
        {
            Caption = 'Deleted At';
        }
    }

    keys
    {
        key(PK; "Entry No.")
        {
            Clustered = true;
        }
        key(DeletedAt; "Deleted At")
        {
        }
    }

    procedure Note(TableNo: Integer; RecordSystemId: Guid; No: Code[20])
    begin
        Rec.Init();
        Rec."Entry No." := 0;
        Rec."Table No." := TableNo;
        Rec."Record System Id" := RecordSystemId;
        Rec."No." := No;
        Rec."Deleted At" := CurrentDateTime();
        Rec.Insert();
    end;
}
