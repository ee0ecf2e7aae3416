/** The made-up words that the demo company is made of; with the letters of their languages, which must survive. */

/** One country of the demo. */
export interface Country {
  readonly code: string;
  readonly name: string;
  /** Written before phone numbers. */
  readonly prefix: string;
  readonly currency: string;
  /** First and second words of company names. */
  readonly first: readonly string[];
  readonly second: readonly string[];
  /** Legal forms, and how somebody else might write each. */
  readonly forms: readonly (readonly [written: string, other: string])[];
  readonly streets: readonly string[];
  /** City, its postal code, its region. */
  readonly places: readonly (readonly [city: string, postalCode: string, state: string])[];
  readonly given: readonly string[];
  readonly family: readonly string[];
}

const words = (text: string): readonly string[] => text.split(", ");

export const countries: readonly Country[] = [
  {
    code: "IS",
    name: "Iceland",
    prefix: "+354 5",
    currency: "ISK",
    first: words("Þorfinns, Æðey, Öxará, Hólmur, Garðar, Súlur, Bláfell, Ísafold, Þingey, Reyðar, Mjólká, Fífill"),
    second: words("fiskvinnsla, trésmiðja, ölgerð, vélsmiðja, prentþjónusta, bókaútgáfa, áhöld, næring, röravörur"),
    forms: [["ehf.", "ehf"], ["hf.", "HF"], ["sf.", "s.f."]],
    streets: words("Ægisgata, Þórsmörk, Öldugata, Hafnarbraut, Skólavegur, Brúarás, Laufásvegur"),
    places: [
      ["Reykjavík", "101", "Höfuðborgarsvæðið"],
      ["Akureyri", "600", "Norðurland"],
      ["Ísafjörður", "400", "Vestfirðir"],
      ["Egilsstaðir", "700", "Austurland"],
      ["Þorlákshöfn", "815", "Suðurland"],
    ],
    given: words("Þóra, Ásdís, Guðmundur, Sigríður, Ólafur, Æsa, Hörður, Björk, Örn, Védís"),
    family: words("Þórsdóttir, Ragnarsson, Ólafsdóttir, Björnsson, Sæmundsdóttir, Guðjónsson, Hjálmarsdóttir"),
  },
  {
    code: "PL",
    name: "Poland",
    prefix: "+48 61 ",
    currency: "PLN",
    first: words("Żubr, Świt, Łan, Źródło, Dąb, Grań, Żuraw, Ćma, Brzóza, Śnieg, Wąż, Łuk"),
    second: words("Meble, Młyny, Części, Węgiel, Narzędzia, Łożyska, Żywność, Papier, Szkło"),
    forms: [["Sp. z o.o.", "sp. z o. o."], ["S.A.", "SA"], ["Sp.k.", "sp. k."]],
    streets: words("ul. Łąkowa, ul. Źródlana, ul. Świętojańska, al. Dębowa, ul. Żytnia, pl. Kościelny"),
    places: [
      ["Łódź", "90-001", "łódzkie"],
      ["Wrocław", "50-062", "dolnośląskie"],
      ["Gdańsk", "80-831", "pomorskie"],
      ["Poznań", "61-772", "wielkopolskie"],
      ["Białystok", "15-062", "podlaskie"],
    ],
    given: words("Żaneta, Łukasz, Małgorzata, Paweł, Zbigniew, Świętosława, Grażyna, Jędrzej, Stanisław, Róża"),
    family: words("Wójcik, Źrebiec, Gąsior, Kołodziej, Ćwiklińska, Żółtowski, Dąbek, Łęcka"),
  },
  {
    code: "DE",
    name: "Germany",
    prefix: "+49 40 ",
    currency: "EUR",
    first: words("Brückner, Höfer, Grünwald, Weiß, Köppel, Ährenfeld, Straßer, Lübke, Möwe, Rüstig, Kießling, Öhmig"),
    second: words("Maschinenbau, Getränke, Möbelwerk, Gießerei, Bürobedarf, Kühltechnik, Spedition, Mühle, Textil"),
    forms: [["GmbH", "Gmbh"], ["AG", "A.G."], ["KG", "K.G."]],
    streets: words("Mühlenstraße, Am Güterbahnhof, Weißdornweg, Königsallee, Große Bleiche, Süderende"),
    places: [
      ["Hamburg", "20095", "HH"],
      ["München", "80331", "BY"],
      ["Köln", "50667", "NW"],
      ["Görlitz", "02826", "SN"],
      ["Gießen", "35390", "HE"],
    ],
    given: words("Jürgen, Käthe, Björn, Sören, Änne, Günther, Mareike, Götz, Brünhild, Matthias"),
    family: words("Müßig, Schäfers, Größler, Böhmke, Kühnast, Voß, Lütkehaus, Krähmer"),
  },
  {
    code: "GB",
    name: "United Kingdom",
    prefix: "+44 1632 9",
    currency: "GBP",
    first: words(
      "Ashcombe, Thornbury, Oakhurst, Wetherden, Coldstream, Harrowgate, Pembry, Fernleigh, Brackley, Stowe, Kelmore, Dunmere",
    ),
    second: words("Joinery, Ironworks, Provisions, Ceramics, Instruments, Haulage, Brewing, Stationers, Mills"),
    forms: [["Ltd", "Limited"], ["plc", "PLC"], ["& Sons", "and Sons"]],
    streets: words("Market Row, Canal Street, Old Mill Lane, Tannery Yard, Quay Side, Station Approach"),
    places: [
      ["Leeds", "LS1 4DY", "West Yorkshire"],
      ["Bristol", "BS1 5TR", ""],
      ["Cardiff", "CF10 1EP", ""],
      ["Inverness", "IV1 1QY", "Highland"],
      ["Norwich", "NR2 1TF", "Norfolk"],
    ],
    given: words("Zoë, Alistair, Siân, Edmund, Chloë, Rhys, Beatrix, Angus, Imogen, Desmond"),
    family: words("Penhaligon, O'Hara, Wetherby, MacAlder, Brontë-Lee, Tregarth, Quillam, Hathersage"),
  },
  {
    code: "DK",
    name: "Denmark",
    prefix: "+45 70 ",
    currency: "DKK",
    first: words("Søgård, Bøgelund, Åkær, Rønnede, Østbirk, Kærsgård, Blåvand, Højmark, Ærtebjerg, Nørrevang"),
    second: words("Møbler, Værktøj, Bådebyggeri, Smør, Køleanlæg, Trælast, Bryggeri, Bøger, Gødning"),
    forms: [["A/S", "AS"], ["ApS", "Aps"], ["I/S", "IS"]],
    streets: words("Åboulevarden, Nørregade, Søndertoften, Kærvej, Østre Havnegade, Bøgebakken"),
    places: [
      ["København", "1050", ""],
      ["Århus", "8000", "Midtjylland"],
      ["Køge", "4600", "Sjælland"],
      ["Tønder", "6270", "Syddanmark"],
      ["Ærøskøbing", "5970", "Syddanmark"],
    ],
    given: words("Søren, Åse, Jørgen, Bodil, Mikkel, Kåre, Frøya, Bjarke, Ægir, Lærke"),
    family: words("Kærsgaard, Bøgh, Ågesen, Skovgård, Østergaard, Rømer, Lyngbæk"),
  },
];

export const salespeople: readonly (readonly [code: string, name: string])[] = [
  ["ÁB", "Ásthildur Bergþórsdóttir"],
  ["GŻ", "Grzegorz Żelazny"],
  ["KS", "Kåre Sønderby"],
  ["MW", "Martha Wexcombe"],
  ["JK", "Jörg Küstner"],
  ["ÞR", "Þorvaldur Rúnarsson"],
  ["ŁN", "Łucja Nowińska"],
  ["PD", "Philippa Dunmore"],
];

/** Code, name, symbol, decimal places, and 100 units in US dollars; null: nobody has entered a rate. */
export const currencies: readonly (readonly [string, string, string, string, string | null])[] = [
  ["EUR", "Euro", "€", "2:2", "108.5"],
  ["GBP", "Pound sterling", "£", "2:2", "127.25"],
  ["ISK", "Icelandic króna", "kr", "0:0", "0.7215"],
  ["PLN", "Polish złoty", "zł", "2:2", "25.38"],
  ["DKK", "Danish krone", "", "2:2", "14.545"],
  ["SEK", "Swedish krona", "", "2:2", "9.47"],
  ["NOK", "Norwegian krone", "", "2:2", "9.255"],
  ["CHF", "Swiss franc", "", "2:2", "113.1"],
  ["CAD", "Canadian dollar", "$", "2:2", "72.9"],
  ["JPY", "Yen", "¥", "0:0", "0.667"],
  ["CZK", "Czech koruna", "Kč", "2:2", "4.325"],
  ["HUF", "Forint", "Ft", "2:2", null],
];

/** Code, name, code of UN/ECE recommendation 20. */
export const units: readonly (readonly [string, string, string])[] = [
  ["PCS", "Piece", "H87"],
  ["BOX", "Box", "BX"],
  ["KG", "Kilogram", "KGM"],
  ["L", "Litre", "LTR"],
  ["M", "Metre", "MTR"],
  ["HOUR", "Hour", "HUR"],
];

export const categories: readonly (readonly [string, string])[] = [
  ["TOOLS", "Tools"],
  ["KITCHEN", "Kitchen and table"],
  ["OUTDOOR", "Outdoors"],
  ["OFFICE", "Office"],
  ["WORK", "Work and advice"],
];
export const materials = words("Ash, Beech, Copper, Felt, Linen, Oak, Slate, Steel, Walnut, Wool");
export const things = words("bench, bowl, crate, hook, kettle, lamp, ladder, peg, shelf, stool, tray, trolley");
export const services = words("Assembly, Fitting, Repair, Surface treatment, Transport, Waste collection");
export const jobs = words("Buyer, Owner, Managing Director, Warehouse Manager, Accountant, Site Manager");

/** Letters a to z for addresses on the net. */
export function plain(text: string): string {
  const others: Readonly<Record<string, string>> = {
    þ: "th",
    ð: "d",
    æ: "ae",
    ø: "o",
    ł: "l",
    ß: "ss",
  };
  const letters = text.toLowerCase().replace(/[þðæøłß]/g, (letter) => others[letter]!).normalize("NFD");
  return letters.replace(/[\u0300-\u036f]/g, "").replace(/[^a-z0-9 ]/g, "");
}
