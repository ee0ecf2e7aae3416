// Generated from the description of the pages; change that and generate again.
page 50141 "Tenging Customer Price Groups"
{
    PageType = API;
    APIPublisher = 'tenging';
    APIGroup = 'integration';
    APIVersion = 'v1.0';
    EntityName = 'customerPriceGroup';
    EntitySetName = 'customerPriceGroups';
    Caption = 'Tenging Customer Price Groups', Locked = true;
    SourceTable = "Customer Price Group";
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
                field(description; Rec."Description")
                {
                    Caption = 'Description', Locked = true;
                }
                field(priceIncludesTax; Rec."Price Includes VAT")
                {
                    Caption = 'Price Includes Tax', Locked = true;
                }
                field(allowInvoiceDiscount; Rec."Allow Invoice Disc.")
                {
                    Caption = 'Allow Invoice Discount', Locked = true;
                }
                field(allowLineDiscount; Rec."Allow Line Disc.")
                {
                    Caption = 'Allow Line Discount', Locked = true;
                }
                field(currencyCode; CurrencyCode)
                {
                    Caption = 'Currency Code', Locked = true;
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
        Stored: Record "Customer Price Group";
    begin
        Stored.GetBySystemId(Rec.SystemId);
        Rec.TestField("Code", Stored."Code");
        Rec.Modify(true);
        Compute();
        exit(false);
    end;

    trigger OnNewRecord(BelowxRec: Boolean)
    begin
        Clear(CurrencyCode);
    end;

    local procedure Compute()
    begin
        CurrencyCode := Pricing.CurrencyOfGroup(Rec.Code);
    end;

    var
        CurrencyCode: Code[10];
        Pricing: Codeunit "Tenging Pricing";
}
