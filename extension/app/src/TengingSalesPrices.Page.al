#if SALES_PRICES
// Generated from the description of the pages; change that and generate again.
page 50142 "Tenging Sales Prices"
{
    PageType = API;
    APIPublisher = 'tenging';
    APIGroup = 'integration';
    APIVersion = 'v1.0';
    EntityName = 'salesPrice';
    EntitySetName = 'salesPrices';
    Caption = 'Tenging Sales Prices', Locked = true;
    SourceTable = "Sales Price";
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;

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
                field(itemNumber; Rec."Item No.")
                {
                    Caption = 'Item Number', Locked = true;
                }
                field(salesType; Rec."Sales Type")
                {
                    Caption = 'Sales Type', Locked = true;
                }
                field(salesCode; Rec."Sales Code")
                {
                    Caption = 'Sales Code', Locked = true;
                }
                field(startingDate; Rec."Starting Date")
                {
                    Caption = 'Starting Date', Locked = true;
                }
                field(currencyCode; CurrencyCode)
                {
                    Caption = 'Currency Code', Locked = true;

                    trigger OnValidate()
                    begin
                        Rec.Validate("Currency Code", LocalCurrency.ToTable(CurrencyCode));
                    end;
                }
                field(variantCode; Rec."Variant Code")
                {
                    Caption = 'Variant Code', Locked = true;
                }
                field(unitOfMeasureCode; Rec."Unit of Measure Code")
                {
                    Caption = 'Unit Of Measure Code', Locked = true;
                }
                field(unitCode; UnitCode)
                {
                    Caption = 'Unit Code', Locked = true;
                    Editable = false;
                }
                field(minimumQuantity; Rec."Minimum Quantity")
                {
                    Caption = 'Minimum Quantity', Locked = true;
                }
                field(endingDate; Rec."Ending Date")
                {
                    Caption = 'Ending Date', Locked = true;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'Unit Price', Locked = true;
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
        Stored: Record "Sales Price";
    begin
        Stored.GetBySystemId(Rec.SystemId);
        Rec.TestField("Item No.", Stored."Item No.");
        Rec.TestField("Sales Type", Stored."Sales Type");
        Rec.TestField("Sales Code", Stored."Sales Code");
        Rec.TestField("Starting Date", Stored."Starting Date");
        Rec.TestField("Currency Code", Stored."Currency Code");
        Rec.TestField("Variant Code", Stored."Variant Code");
        Rec.TestField("Unit of Measure Code", Stored."Unit of Measure Code");
        Rec.TestField("Minimum Quantity", Stored."Minimum Quantity");
        Rec.Modify(true);
        Compute();
        exit(false);
    end;

    trigger OnNewRecord(BelowxRec: Boolean)
    begin
        Clear(CurrencyCode);
        Clear(UnitCode);
    end;

    local procedure Compute()
    begin
        CurrencyCode := LocalCurrency.ToPublic(Rec."Currency Code");
        UnitCode := Pricing.UnitOfItem(Rec."Item No.", Rec."Unit of Measure Code");
    end;

    var
        CurrencyCode: Code[10];
        LocalCurrency: Codeunit "Tenging Local Currency";
        UnitCode: Code[10];
        Pricing: Codeunit "Tenging Pricing";
}
#endif
