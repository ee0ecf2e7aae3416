// Generated from the description of the pages; change that and generate again.
page 50150 "Tenging Contacts"
{
    PageType = API;
    APIPublisher = 'tenging';
    APIGroup = 'integration';
    APIVersion = 'v1.0';
    EntityName = 'contact';
    EntitySetName = 'contacts';
    Caption = 'Tenging Contacts', Locked = true;
    SourceTable = "Contact";
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
                }
                field(number; Rec."No.")
                {
                    Caption = 'Number', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("No."));
                    end;
                }
                field(type; Rec."Type")
                {
                    Caption = 'Type', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Type"));
                    end;
                }
                field(displayName; Rec."Name")
                {
                    Caption = 'Display Name', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Name"));
                    end;
                }
                field(firstName; Rec."First Name")
                {
                    Caption = 'First Name', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("First Name"));
                    end;
                }
                field(middleName; Rec."Middle Name")
                {
                    Caption = 'Middle Name', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Middle Name"));
                    end;
                }
                field(surname; Rec."Surname")
                {
                    Caption = 'Surname', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Surname"));
                    end;
                }
                field(jobTitle; Rec."Job Title")
                {
                    Caption = 'Job Title', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Job Title"));
                    end;
                }
                field(companyNumber; Rec."Company No.")
                {
                    Caption = 'Company Number', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Company No."));
                    end;
                }
                field(companyName; Rec."Company Name")
                {
                    Caption = 'Company Name', Locked = true;
                    Editable = false;
                }
                field(customerId; CustomerId)
                {
                    Caption = 'Customer Id', Locked = true;
                    Editable = false;
                }
                field(contactBusinessRelation; Rec."Contact Business Relation")
                {
                    Caption = 'Contact Business Relation', Locked = true;
                    Editable = false;
                }
                field(addressLine1; Rec."Address")
                {
                    Caption = 'Address Line1', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Address"));
                    end;
                }
                field(addressLine2; Rec."Address 2")
                {
                    Caption = 'Address Line2', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Address 2"));
                    end;
                }
                field(city; Rec."City")
                {
                    Caption = 'City', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("City"));
                    end;
                }
                field(state; Rec."County")
                {
                    Caption = 'State', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("County"));
                    end;
                }
                field(country; Rec."Country/Region Code")
                {
                    Caption = 'Country', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Country/Region Code"));
                    end;
                }
                field(postalCode; Rec."Post Code")
                {
                    Caption = 'Postal Code', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Post Code"));
                    end;
                }
                field(phoneNumber; Rec."Phone No.")
                {
                    Caption = 'Phone Number', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Phone No."));
                    end;
                }
                field(mobilePhoneNumber; Rec."Mobile Phone No.")
                {
                    Caption = 'Mobile Phone Number', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Mobile Phone No."));
                    end;
                }
                field(faxNumber; Rec."Fax No.")
                {
                    Caption = 'Fax Number', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Fax No."));
                    end;
                }
                field(pager; Rec."Pager")
                {
                    Caption = 'Pager', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Pager"));
                    end;
                }
                field(email; Rec."E-Mail")
                {
                    Caption = 'Email', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("E-Mail"));
                    end;
                }
                field(website; Rec."Home Page")
                {
                    Caption = 'Website', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Home Page"));
                    end;
                }
                field(salespersonCode; Rec."Salesperson Code")
                {
                    Caption = 'Salesperson Code', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Salesperson Code"));
                    end;
                }
                field(currencyCode; CurrencyCode)
                {
                    Caption = 'Currency Code', Locked = true;

                    trigger OnValidate()
                    begin
                        Rec.Validate("Currency Code", LocalCurrency.ToTable(CurrencyCode));
                        RegisterFieldSet(Rec.FieldNo("Currency Code"));
                    end;
                }
                field(searchName; Rec."Search Name")
                {
                    Caption = 'Search Name', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Search Name"));
                    end;
                }
                field(privacyBlocked; Rec."Privacy Blocked")
                {
                    Caption = 'Privacy Blocked', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("Privacy Blocked"));
                    end;
                }
                field(taxRegistrationNumber; Rec."VAT Registration No.")
                {
                    Caption = 'Tax Registration Number', Locked = true;

                    trigger OnValidate()
                    begin
                        RegisterFieldSet(Rec.FieldNo("VAT Registration No."));
                    end;
                }
                field(lastInteractionDate; Rec."Date of Last Interaction")
                {
                    Caption = 'Last Interaction Date', Locked = true;
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
    var
        Inserted: RecordRef;
    begin
        if IsNullGuid(Rec.SystemId) then
            Rec.Insert(true)
        else
            Rec.Insert(true, true);
        Inserted.GetTable(Rec);
        GraphMgtGeneralTools.ProcessNewRecordFromAPI(Inserted, TempFieldSet, CurrentDateTime());
        Inserted.SetTable(Rec);
        Rec.Modify(true);
        Compute();
        exit(false);
    end;

    trigger OnModifyRecord(): Boolean
    var
        Stored: Record "Contact";
    begin
        Stored.GetBySystemId(Rec.SystemId);
        Rec.TestField("No.", Stored."No.");
        Rec.Modify(true);
        Compute();
        exit(false);
    end;

    trigger OnNewRecord(BelowxRec: Boolean)
    begin
        Clear(CustomerId);
        Clear(CurrencyCode);
        TempFieldSet.DeleteAll();
    end;

    local procedure Compute()
    begin
        CustomerId := PartyDetails.CustomerIdOf(Rec."Company No.");
        CurrencyCode := LocalCurrency.ToPublic(Rec."Currency Code");
    end;

    local procedure RegisterFieldSet(FieldNo: Integer)
    begin
        if TempFieldSet.Get(Database::"Contact", FieldNo) then
            exit;
        TempFieldSet.Init();
        TempFieldSet.TableNo := Database::"Contact";
        TempFieldSet.Validate("No.", FieldNo);
        TempFieldSet.Insert(true);
    end;

    var
        CustomerId: Guid;
        CurrencyCode: Code[10];
        LocalCurrency: Codeunit "Tenging Local Currency";
        PartyDetails: Codeunit "Tenging Party Details";
        TempFieldSet: Record Field temporary;
        GraphMgtGeneralTools: Codeunit "Graph Mgt - General Tools";
}
