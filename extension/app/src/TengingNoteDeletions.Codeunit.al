// Generated from the description of the pages; change that and generate again.
codeunit 50165 "Tenging Note Deletions"
{
    Access = Internal;

    [EventSubscriber(ObjectType::Table, Database::"Customer", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterCustomerDeleted(var Rec: Record "Customer"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) then
            DeletedRecord.Note(Database::"Customer", Rec.SystemId, Rec."No.");
    end;

    [EventSubscriber(ObjectType::Table, Database::"Contact", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterContactDeleted(var Rec: Record "Contact"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) then
            DeletedRecord.Note(Database::"Contact", Rec.SystemId, Rec."No.");
    end;

    [EventSubscriber(ObjectType::Table, Database::"Item", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterItemDeleted(var Rec: Record "Item"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) then
            DeletedRecord.Note(Database::"Item", Rec.SystemId, Rec."No.");
    end;

    [EventSubscriber(ObjectType::Table, Database::"Resource", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterResourceDeleted(var Rec: Record "Resource"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) then
            DeletedRecord.Note(Database::"Resource", Rec.SystemId, Rec."No.");
    end;

    [EventSubscriber(ObjectType::Table, Database::"Salesperson/Purchaser", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterSalespersonPurchaserDeleted(var Rec: Record "Salesperson/Purchaser"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) then
            DeletedRecord.Note(Database::"Salesperson/Purchaser", Rec.SystemId, Rec."Code");
    end;

    [EventSubscriber(ObjectType::Table, Database::"Currency", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterCurrencyDeleted(var Rec: Record "Currency"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) then
            DeletedRecord.Note(Database::"Currency", Rec.SystemId, Rec."Code");
    end;

    [EventSubscriber(ObjectType::Table, Database::"Unit of Measure", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterUnitofMeasureDeleted(var Rec: Record "Unit of Measure"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) then
            DeletedRecord.Note(Database::"Unit of Measure", Rec.SystemId, Rec."Code");
    end;

    [EventSubscriber(ObjectType::Table, Database::"Unit Group", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterUnitGroupDeleted(var Rec: Record "Unit Group"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) then
            DeletedRecord.Note(Database::"Unit Group", Rec.SystemId, Rec."Source No.");
    end;

    [EventSubscriber(ObjectType::Table, Database::"Item Unit of Measure", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterItemUnitofMeasureDeleted(var Rec: Record "Item Unit of Measure"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) then
            DeletedRecord.Note(Database::"Item Unit of Measure", Rec.SystemId, Rec."Item No.");
    end;

    [EventSubscriber(ObjectType::Table, Database::"Resource Unit of Measure", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterResourceUnitofMeasureDeleted(var Rec: Record "Resource Unit of Measure"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) then
            DeletedRecord.Note(Database::"Resource Unit of Measure", Rec.SystemId, Rec."Resource No.");
    end;

    [EventSubscriber(ObjectType::Table, Database::"Customer Price Group", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterCustomerPriceGroupDeleted(var Rec: Record "Customer Price Group"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) then
            DeletedRecord.Note(Database::"Customer Price Group", Rec.SystemId, Rec."Code");
    end;

    [EventSubscriber(ObjectType::Table, Database::"Price List Header", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterPriceListHeaderDeleted(var Rec: Record "Price List Header"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) then
            DeletedRecord.Note(Database::"Price List Header", Rec.SystemId, Rec."Code");
    end;

    [EventSubscriber(ObjectType::Table, Database::"Price List Line", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterPriceListLineDeleted(var Rec: Record "Price List Line"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) then
            DeletedRecord.Note(Database::"Price List Line", Rec.SystemId, Rec."Price List Code");
    end;

    [EventSubscriber(ObjectType::Table, Database::"Shipping Agent", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterShippingAgentDeleted(var Rec: Record "Shipping Agent"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) then
            DeletedRecord.Note(Database::"Shipping Agent", Rec.SystemId, Rec."Code");
    end;

    [EventSubscriber(ObjectType::Table, Database::"Sales Header", 'OnAfterDeleteEvent', '', false, false)]
    local procedure AfterSalesHeaderDeleted(var Rec: Record "Sales Header"; RunTrigger: Boolean)
    begin
        if (not Rec.IsTemporary()) and (Rec."Document Type" = Rec."Document Type"::Order) then
            DeletedRecord.Note(Database::"Sales Header", Rec.SystemId, Rec."No.");
    end;

    var
        DeletedRecord: Record "Tenging Deleted Record";
}
