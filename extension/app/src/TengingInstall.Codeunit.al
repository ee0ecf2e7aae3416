// What a company needs before the pages are used.
codeunit 50167 "Tenging Install"
{
    Subtype = Install;
    Access = Internal;

    trigger OnInstallAppPerCompany()
    var
        UnitGroups: Codeunit "Tenging Unit Groups";
    begin
        UnitGroups.CompleteAll();
    end;
}
