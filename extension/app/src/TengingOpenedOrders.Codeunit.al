// An order that was released, or that a person opens, is not one that the page's action left open.
codeunit 50169 "Tenging Opened Orders"
{
    Access = Internal;

    [EventSubscriber(ObjectType::Codeunit, Codeunit::"Release Sales Document", 'OnAfterReleaseSalesDoc', '', false, false)]
    local procedure AfterOrderReleased(var SalesHeader: Record "Sales Header"; PreviewMode: Boolean)
    var
        OpenedOrder: Record "Tenging Opened Order";
    begin
        if not PreviewMode then
            OpenedOrder.Forget(SalesHeader.SystemId);
    end;

    // A release that ends in a prepayment's status raises no event: its note would outlive it.
    [EventSubscriber(ObjectType::Codeunit, Codeunit::"Release Sales Document", 'OnAfterManualReOpenSalesDoc', '', false, false)]
    local procedure AfterOrderReopened(var SalesHeader: Record "Sales Header"; PreviewMode: Boolean)
    var
        OpenedOrder: Record "Tenging Opened Order";
    begin
        if not PreviewMode then
            OpenedOrder.Forget(SalesHeader.SystemId);
    end;
}
