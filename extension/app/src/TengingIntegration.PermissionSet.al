// Generated from the description of the pages; change that and generate again.
permissionset 50166 "Tenging Integration"
{
    Assignable = true;
    Caption = 'Tenging Integration', Locked = true;
    Permissions =
#if SALES_PRICES
        page "Tenging Sales Prices" = X,
        tabledata "Sales Price" = RIMD,
#endif
        page "Tenging Resources" = X,
        page "Tenging Customer Price Groups" = X,
        page "Tenging Price List Headers" = X,
        page "Tenging Price List Lines" = X,
        page "Tenging Unit Groups" = X,
        page "Tenging Item Units of Measure" = X,
        page "Tenging Resource Units" = X,
        page "Tenging Shipping Agents" = X,
        page "Tenging Customers" = X,
        page "Tenging Contacts" = X,
        page "Tenging Items" = X,
        page "Tenging Sales Orders" = X,
        query "Tenging Inventory by Location" = X,
        page "Tenging Deleted Records" = X,
        tabledata "Resource" = RIM,
        tabledata "Customer Price Group" = RIM,
        tabledata "Price List Header" = RIM,
        tabledata "Price List Line" = RIMD,
        tabledata "Unit Group" = RIMD,
        tabledata "Item Unit of Measure" = RIM,
        tabledata "Resource Unit of Measure" = RIM,
        tabledata "Shipping Agent" = RIM,
        tabledata "Customer" = RIM,
        tabledata "Contact" = RIMD,
        tabledata "Item" = RIM,
        tabledata "Sales Header" = RM,
        tabledata "Item Ledger Entry" = R,
        tabledata "Tenging Deleted Record" = R;
}
