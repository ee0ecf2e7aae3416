// The tables leave a currency code blank for the local currency; the pages name it.
codeunit 50161 "Tenging Local Currency"
{
    Access = Internal;

    procedure ToPublic(CurrencyCode: Code[10]): Code[10]
    begin
        if CurrencyCode <> '' then
            exit(CurrencyCode);
        exit(LocalCode());
    end;

    procedure ToTable(CurrencyCode: Code[10]): Code[10]
    begin
        if CurrencyCode = LocalCode() then
            exit('');
        exit(CurrencyCode);
    end;

    local procedure LocalCode(): Code[10]
    begin
        if not IsRead then begin
            GeneralLedgerSetup.Get();
            IsRead := true;
        end;
        exit(GeneralLedgerSetup."LCY Code");
    end;

    var
        GeneralLedgerSetup: Record "General Ledger Setup";
        IsRead: Boolean;
}
