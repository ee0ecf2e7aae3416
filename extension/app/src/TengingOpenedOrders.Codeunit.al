// An order that was released is no longer one that the page's action left open.
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
}
