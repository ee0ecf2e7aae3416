/** A company and a CRM that had lives of their own: small enough to be synchronized many times over. */

/** What is on each side before anything is synchronized, counted where it is written. */
export const before = {
  customers: 10,
  persons: 8,
  items: 8,
  units: 3,
  /** Accounts of the users: some are customers already, the others are to become customers. */
  accounts: { known: 4, own: 3 },
  /** Contacts of the users, under accounts of theirs. */
  contacts: { known: 2, own: 2 },
} as const;

const words = [
  ["Þórsmörk Útgerð ehf.", "Heiðarvegur 3", "Ísafjörður", "400", "IS"],
  ["Ægir Sjávarafurðir hf.", "Strandgata 17", "Akureyri", "600", "IS"],
  ["Źródło Żywności Sp. z o.o.", "ul. Świętojańska 8", "Gdynia", "81-368", "PL"],
  ["Łódzkie Przędzalnie S.A.", "ul. Piękna 2", "Łódź", "90-001", "PL"],
  ["Nordlys Møbler AS", "Bryggen 4", "Bergen", "5003", "NO"],
  ["Grünwald Maschinen GmbH", "Mühlweg 11", "Jena", "07743", "DE"],
  ["Öxarfjörður Laxeldi ehf.", "Aðalgata 1", "Kópasker", "670", "IS"],
  ["Gęś i Jaźń Wydawnictwo", "ul. Żurawia 40", "Kraków", "30-002", "PL"],
  ["Hawthorn Timber Ltd", "Quay Road 9", "Leith", "EH6 7AB", "GB"],
  ["Salt & Pine Trading Co.", "Harbor Street 77", "Portland", "04101", "US"],
] as const;
const people = [
  "Ása Þöll",
  "Óðinn Æsir",
  "Święta Łąka",
  "Grażyna Źdźbło",
  "Kari Nygård",
  "Jörg Weiß",
  "Ýr Björg",
  "Ewa Kość",
];

const customers = words.map(([displayName, addressLine1, city, postalCode, country], at) => ({
  ...{ number: `K${101 + at}`, displayName, addressLine1, city, postalCode, country },
  phoneNumber: `+354 555 01${10 + at}`,
  email: `post${at}@company.example`,
  salespersonCode: ["HJ", "BW", ""][at % 3]!,
  currencyCode: ["", "EUR", "ISK"][at % 3]!,
  paymentTermsCode: ["30 DAYS", ""][at % 2]!,
  creditLimit: String(1000 * at),
}));
const persons = people.map((displayName, at) => ({
  number: `P${101 + at}`,
  type: "Person",
  displayName,
  companyNumber: customers[at]!.number,
  email: `person${at}@company.example`,
}));
const accountId = (at: number) => `0000000${at}-aaaa-4aaa-8aaa-aaaaaaaaaaaa`;
const accounts = [
  // By number, by number, by name and postal code, by phone and postal code; the rest is blank and gets filled.
  { accountid: accountId(0), accountnumber: "K101", name: words[0][0] },
  { accountid: accountId(1), accountnumber: "K102", name: words[1][0] },
  { accountid: accountId(2), name: words[2][0], address1_postalcode: words[2][3] },
  {
    accountid: accountId(3),
    name: words[3][0],
    telephone1: customers[3]!.phoneNumber,
    address1_postalcode: words[3][3],
  },
  { accountid: accountId(4), name: "Hjörleifshöfði Gistihús", telephone1: "+354 555 0901" },
  { accountid: accountId(5), name: "Śnieżka Schronisko", telephone1: "+48 55 501 09 02" },
  { accountid: accountId(6), name: "Vík Ullarvörur", telephone1: "+354 555 0903" },
];
const contacts = [
  { firstname: "Ása", lastname: "Þöll", emailaddress1: "person0@company.example", parentcustomerid: accountId(0) },
  { firstname: "Óðinn", lastname: "Æsir", emailaddress1: "person1@company.example", parentcustomerid: accountId(1) },
  { firstname: "Þrúður", lastname: "Öfjörð", emailaddress1: "thrudur@guest.example", parentcustomerid: accountId(4) },
  { firstname: "Łucja", lastname: "Śnieg", emailaddress1: "lucja@guest.example", parentcustomerid: accountId(5) },
];
const salespeople = [["HJ", "Hulda Jökulsdóttir"], ["BW", "Bogdan Wąs"]] as const;
const mail = (code: string) => `${code.toLowerCase()}@company.example`;

const erp: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
  customers,
  contacts: persons,
  items: Array.from({ length: before.items }, (_, at) => ({
    ...{ number: `V${101 + at}`, displayName: `Vara nr. ${at + 1}`, type: "Inventory" },
    ...{ baseUnitOfMeasureCode: ["STK", "KG", "HR"][at % 3]!, unitPrice: String(12.5 + at) },
  })),
  unitsOfMeasure: [["STK", "Stykki"], ["KG", "Kílógramm"], ["HR", "Klukkustund"]].map(([code, displayName]) => ({
    code: code!,
    displayName: displayName!,
  })),
  salespeople: salespeople.map(([code, displayName]) => ({ code, displayName, email: mail(code) })),
  currencies: [["EUR", "Euro", "€"], ["ISK", "Íslensk króna", "kr"]].map(([code, displayName, symbol]) => ({
    ...{ code: code!, displayName: displayName!, symbol: symbol!, amountDecimalPlaces: "2:2" },
  })),
  currencyExchangeRates: [["EUR", "108.5"], ["ISK", "0.72"]].map(([currencyCode, relationalExchangeRateAmount]) => ({
    ...{ currencyCode: currencyCode!, startingDate: "2025-01-01", exchangeRateAmount: "100" },
    relationalExchangeRateAmount: relationalExchangeRateAmount!,
  })),
};
const crm: typeof erp = {
  accounts,
  contacts,
  systemusers: salespeople.map(([code, fullname]) => ({ fullname, internalemailaddress: mail(code) })),
};

/** Writes both folders under `dir` and returns the options that load them. */
export async function writeCompany(dir: string): Promise<readonly string[]> {
  for (const [side, files] of [["erp", erp], ["crm", crm]] as const) {
    await Deno.mkdir(`${dir}/${side}`, { recursive: true });
    for (const [name, rows] of Object.entries(files)) await Deno.writeTextFile(`${dir}/${side}/${name}.csv`, csv(rows));
  }
  return ["--data", `${dir}/erp`, "--crm-data", `${dir}/crm`];
}

/** The steps that the company has records for, with those that they depend on. */
export const itsSteps = ["--select", "+contacts", "--select", "+items"];

/** Rows as the text of a CSV file. */
export function csv(rows: readonly Readonly<Record<string, string>>[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells: readonly string[]) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",") + "\r\n";
  return line(columns) + rows.map((row) => line(columns.map((column) => row[column] ?? ""))).join("");
}
