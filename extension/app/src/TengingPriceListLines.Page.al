// Generated from the description of the pages; change that and generate again.
page 50144 "Tenging Price List Lines"
{
    PageType = API;
    APIPublisher = 'tenging';
    APIGroup = 'integration';
    APIVersion = 'v1.0';
    EntityName = 'priceListLine';
    EntitySetName = 'priceListLines';
    Caption = 'Tenging Price List Lines', Locked = true;
    SourceTable = "Price List Line";
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
                field(priceListCode; Rec."Price List Code")
                {
                    Caption = 'Price List Code', Locked = true;
                }
                field(lineNumber; Rec."Line No.")
                {
                    Caption = 'Line Number', Locked = true;
                    Editable = false;
                }
                field(priceType; Rec."Price Type")
                {
                    Caption = 'Price Type', Locked = true;
                    Editable = false;
                }
                field(listCurrencyCode; ListCurrencyCode)
                {
                    Caption = 'List Currency Code', Locked = true;
                    Editable = false;
                }
                field(sourceType; Rec."Source Type")
                {
                    Caption = 'Source Type', Locked = true;
                }
                field(sourceNumber; Rec."Source No.")
                {
                    Caption = 'Source Number', Locked = true;
                }
                field(assetType; Rec."Asset Type")
                {
                    Caption = 'Asset Type', Locked = true;
                }
                field(assetNumber; Rec."Asset No.")
                {
                    Caption = 'Asset Number', Locked = true;
                }
                field(description; Rec."Description")
                {
                    Caption = 'Description', Locked = true;
                    Editable = false;
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
                field(currencyCode; CurrencyCode)
                {
                    Caption = 'Currency Code', Locked = true;

                    trigger OnValidate()
                    begin
                        Rec.Validate("Currency Code", LocalCurrency.ToTable(CurrencyCode));
                    end;
                }
                field(amountType; Rec."Amount Type")
                {
                    Caption = 'Amount Type', Locked = true;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'Unit Price', Locked = true;
                }
                field(lineDiscountPercent; Rec."Line Discount %")
                {
                    Caption = 'Line Discount Percent', Locked = true;
                }
                field(startingDate; Rec."Starting Date")
                {
                    Caption = 'Starting Date', Locked = true;
                }
                field(endingDate; Rec."Ending Date")
                {
                    Caption = 'Ending Date', Locked = true;
                }
                field(status; Rec."Status")
                {
                    Caption = 'Status', Locked = true;
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
        Stored: Record "Price List Line";
    begin
        Stored.GetBySystemId(Rec.SystemId);
        Rec.TestField("Price List Code", Stored."Price List Code");
        Rec.Modify(true);
        Compute();
        exit(false);
    end;

    trigger OnNewRecord(BelowxRec: Boolean)
    begin
        Clear(ListCurrencyCode);
        Clear(UnitCode);
        Clear(CurrencyCode);
    end;

    local procedure Compute()
    begin
        ListCurrencyCode := Pricing.CurrencyOfList(Rec."Price List Code");
        UnitCode := Pricing.UnitOfLine(Rec);
        CurrencyCode := LocalCurrency.ToPublic(Rec."Currency Code");
    end;

    var
        ListCurrencyCode: Code[10];
        UnitCode: Code[10];
        CurrencyCode: Code[10];
        LocalCurrency: Codeunit "Tenging Local Currency";
        Pricing: Codeunit "Tenging Pricing";
}
