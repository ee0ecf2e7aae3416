// What the pages of prices show of other tables.
codeunit 50163 "Tenging Pricing"
{
    Access = Internal;

    // The one currency of a group's sales prices: blank where they are in several, the local one where there are none.
    procedure CurrencyOfGroup(GroupCode: Code[10]): Code[10]
#if SALES_PRICES
    var
        SalesPrice: Record "Sales Price";
        CurrencyCode: Code[10];
#endif
    begin
#if SALES_PRICES
        SalesPrice.SetRange("Sales Type", SalesPrice."Sales Type"::"Customer Price Group");
        SalesPrice.SetRange("Sales Code", GroupCode);
        if SalesPrice.FindFirst() then begin
            CurrencyCode := SalesPrice."Currency Code";
            SalesPrice.SetFilter("Currency Code", '<>%1', CurrencyCode);
            if not SalesPrice.IsEmpty() then
                exit('');
            exit(LocalCurrency.ToPublic(CurrencyCode));
        end;
#endif
        exit(LocalCurrency.ToPublic(''));
    end;

    procedure CurrencyOfList(ListCode: Code[20]): Code[10]
    begin
        if PriceListHeader.Code <> ListCode then
            if not PriceListHeader.Get(ListCode) then
                Clear(PriceListHeader);
        exit(LocalCurrency.ToPublic(PriceListHeader."Currency Code"));
    end;

    // The unit that a line prices: the base unit where the line names none.
    procedure UnitOfLine(PriceListLine: Record "Price List Line"): Code[10]
    begin
        if PriceListLine."Unit of Measure Code" <> '' then
            exit(PriceListLine."Unit of Measure Code");
        case PriceListLine."Asset Type" of
            PriceListLine."Asset Type"::Item:
                exit(UnitGroups.BaseUnitOfItem(PriceListLine."Asset No."));
            PriceListLine."Asset Type"::Resource:
                exit(UnitGroups.BaseUnitOfResource(PriceListLine."Asset No."));
        end;
        exit('');
    end;

    procedure UnitOfItem(ItemNo: Code[20]; UnitCode: Code[10]): Code[10]
    begin
        if UnitCode <> '' then
            exit(UnitCode);
        exit(UnitGroups.BaseUnitOfItem(ItemNo));
    end;

    var
        PriceListHeader: Record "Price List Header";
        LocalCurrency: Codeunit "Tenging Local Currency";
        UnitGroups: Codeunit "Tenging Unit Groups";
}
