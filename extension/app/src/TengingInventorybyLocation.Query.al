// Generated from the description of the pages; change that and generate again.
query 50153 "Tenging Inventory by Location"
{
    QueryType = API;
    APIPublisher = 'tenging';
    APIGroup = 'integration';
    APIVersion = 'v1.0';
    EntityName = 'inventoryAtLocation';
    EntitySetName = 'inventoryByLocation';
    Caption = 'Tenging Inventory by Location', Locked = true;

    elements
    {
        dataitem(entries; "Item Ledger Entry")
        {
            column(itemNumber; "Item No.")
            {
                Caption = 'Item Number', Locked = true;
            }
            column(locationCode; "Location Code")
            {
                Caption = 'Location Code', Locked = true;
            }
            column(inventory; "Quantity")
            {
                Caption = 'Inventory', Locked = true;
                Method = Sum;
            }
        }
    }
}
