// What the pages of customers and contacts show of other tables.
codeunit 50162 "Tenging Party Details"
{
    Access = Internal;

    procedure TaxAreaName(Customer: Record Customer): Text[100]
    var
        TaxArea: Record "Tax Area";
    begin
        if TaxArea.Get(Customer."Tax Area Code") then
            exit(TaxArea.Description);
        exit('');
    end;

    // The customer that a company contact stands for; a blank id where it stands for none.
    procedure CustomerIdOf(CompanyNo: Code[20]): Guid
    var
        ContactBusinessRelation: Record "Contact Business Relation";
        Customer: Record Customer;
    begin
        if CompanyNo = '' then
            exit(Customer.SystemId);
        ContactBusinessRelation.SetRange("Contact No.", CompanyNo);
        ContactBusinessRelation.SetRange("Link to Table", ContactBusinessRelation."Link to Table"::Customer);
        if ContactBusinessRelation.FindFirst() then
            if Customer.Get(ContactBusinessRelation."No.") then
                exit(Customer.SystemId);
        Clear(Customer);
        exit(Customer.SystemId);
    end;
}
