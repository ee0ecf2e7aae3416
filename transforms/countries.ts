import type { TwoWay } from "./transform.ts";

/** ISO 3166-1: two letters, three letters, and the English name as it is usually written. */
const table = `
AD AND Andorra|AE ARE United Arab Emirates|AF AFG Afghanistan|AG ATG Antigua and Barbuda|AI AIA Anguilla
AL ALB Albania|AM ARM Armenia|AO AGO Angola|AQ ATA Antarctica|AR ARG Argentina|AS ASM American Samoa|AT AUT Austria
AU AUS Australia|AW ABW Aruba|AX ALA Åland Islands|AZ AZE Azerbaijan|BA BIH Bosnia and Herzegovina|BB BRB Barbados
BD BGD Bangladesh|BE BEL Belgium|BF BFA Burkina Faso|BG BGR Bulgaria|BH BHR Bahrain|BI BDI Burundi|BJ BEN Benin
BL BLM Saint Barthélemy|BM BMU Bermuda|BN BRN Brunei|BO BOL Bolivia|BQ BES Caribbean Netherlands|BR BRA Brazil
BS BHS Bahamas|BT BTN Bhutan|BV BVT Bouvet Island|BW BWA Botswana|BY BLR Belarus|BZ BLZ Belize|CA CAN Canada
CC CCK Cocos Islands|CD COD Democratic Republic of the Congo|CF CAF Central African Republic
CG COG Republic of the Congo|CH CHE Switzerland|CI CIV Côte d'Ivoire|CK COK Cook Islands|CL CHL Chile
CM CMR Cameroon|CN CHN China|CO COL Colombia|CR CRI Costa Rica|CU CUB Cuba|CV CPV Cabo Verde|CW CUW Curaçao
CX CXR Christmas Island|CY CYP Cyprus|CZ CZE Czechia|DE DEU Germany|DJ DJI Djibouti|DK DNK Denmark|DM DMA Dominica
DO DOM Dominican Republic|DZ DZA Algeria|EC ECU Ecuador|EE EST Estonia|EG EGY Egypt|EH ESH Western Sahara
ER ERI Eritrea|ES ESP Spain|ET ETH Ethiopia|FI FIN Finland|FJ FJI Fiji|FK FLK Falkland Islands|FM FSM Micronesia
FO FRO Faroe Islands|FR FRA France|GA GAB Gabon|GB GBR United Kingdom|GD GRD Grenada|GE GEO Georgia
GF GUF French Guiana|GG GGY Guernsey|GH GHA Ghana|GI GIB Gibraltar|GL GRL Greenland|GM GMB Gambia|GN GIN Guinea
GP GLP Guadeloupe|GQ GNQ Equatorial Guinea|GR GRC Greece|GS SGS South Georgia and the South Sandwich Islands
GT GTM Guatemala|GU GUM Guam|GW GNB Guinea-Bissau|GY GUY Guyana|HK HKG Hong Kong
HM HMD Heard Island and McDonald Islands|HN HND Honduras|HR HRV Croatia|HT HTI Haiti|HU HUN Hungary
ID IDN Indonesia|IE IRL Ireland|IL ISR Israel|IM IMN Isle of Man|IN IND India|IO IOT British Indian Ocean Territory
IQ IRQ Iraq|IR IRN Iran|IS ISL Iceland|IT ITA Italy|JE JEY Jersey|JM JAM Jamaica|JO JOR Jordan|JP JPN Japan
KE KEN Kenya|KG KGZ Kyrgyzstan|KH KHM Cambodia|KI KIR Kiribati|KM COM Comoros|KN KNA Saint Kitts and Nevis
KP PRK North Korea|KR KOR South Korea|KW KWT Kuwait|KY CYM Cayman Islands|KZ KAZ Kazakhstan|LA LAO Laos
LB LBN Lebanon|LC LCA Saint Lucia|LI LIE Liechtenstein|LK LKA Sri Lanka|LR LBR Liberia|LS LSO Lesotho
LT LTU Lithuania|LU LUX Luxembourg|LV LVA Latvia|LY LBY Libya|MA MAR Morocco|MC MCO Monaco|MD MDA Moldova
ME MNE Montenegro|MF MAF Saint Martin|MG MDG Madagascar|MH MHL Marshall Islands|MK MKD North Macedonia|ML MLI Mali
MM MMR Myanmar|MN MNG Mongolia|MO MAC Macao|MP MNP Northern Mariana Islands|MQ MTQ Martinique|MR MRT Mauritania
MS MSR Montserrat|MT MLT Malta|MU MUS Mauritius|MV MDV Maldives|MW MWI Malawi|MX MEX Mexico|MY MYS Malaysia
MZ MOZ Mozambique|NA NAM Namibia|NC NCL New Caledonia|NE NER Niger|NF NFK Norfolk Island|NG NGA Nigeria
NI NIC Nicaragua|NL NLD Netherlands|NO NOR Norway|NP NPL Nepal|NR NRU Nauru|NU NIU Niue|NZ NZL New Zealand
OM OMN Oman|PA PAN Panama|PE PER Peru|PF PYF French Polynesia|PG PNG Papua New Guinea|PH PHL Philippines
PK PAK Pakistan|PL POL Poland|PM SPM Saint Pierre and Miquelon|PN PCN Pitcairn|PR PRI Puerto Rico|PS PSE Palestine
PT PRT Portugal|PW PLW Palau|PY PRY Paraguay|QA QAT Qatar|RE REU Réunion|RO ROU Romania|RS SRB Serbia|RU RUS Russia
RW RWA Rwanda|SA SAU Saudi Arabia|SB SLB Solomon Islands|SC SYC Seychelles|SD SDN Sudan|SE SWE Sweden
SG SGP Singapore|SH SHN Saint Helena|SI SVN Slovenia|SJ SJM Svalbard and Jan Mayen|SK SVK Slovakia
SL SLE Sierra Leone|SM SMR San Marino|SN SEN Senegal|SO SOM Somalia|SR SUR Suriname|SS SSD South Sudan
ST STP São Tomé and Príncipe|SV SLV El Salvador|SX SXM Sint Maarten|SY SYR Syria|SZ SWZ Eswatini
TC TCA Turks and Caicos Islands|TD TCD Chad|TF ATF French Southern Territories|TG TGO Togo|TH THA Thailand
TJ TJK Tajikistan|TK TKL Tokelau|TL TLS Timor-Leste|TM TKM Turkmenistan|TN TUN Tunisia|TO TON Tonga|TR TUR Türkiye
TT TTO Trinidad and Tobago|TV TUV Tuvalu|TW TWN Taiwan|TZ TZA Tanzania|UA UKR Ukraine|UG UGA Uganda
UM UMI United States Minor Outlying Islands|US USA United States|UY URY Uruguay|UZ UZB Uzbekistan
VA VAT Vatican City|VC VCT Saint Vincent and the Grenadines|VE VEN Venezuela|VG VGB British Virgin Islands
VI VIR U.S. Virgin Islands|VN VNM Vietnam|VU VUT Vanuatu|WF WLF Wallis and Futuna|WS WSM Samoa|YE YEM Yemen
YT MYT Mayotte|ZA ZAF South Africa|ZM ZMB Zambia|ZW ZWE Zimbabwe`;

/** Other names that people write: former and official ones, and what a country calls itself. */
const others = `
AE UAE|AL Shqipëria|AT Österreich|BA Bosnia|BE België, Belgique, Belgien|BG България|BN Brunei Darussalam|BR Brasil
BO Plurinational State of Bolivia|BY Беларусь|CC Keeling Islands, Cocos (Keeling) Islands
CD DR Congo, DRC, Congo-Kinshasa|CG Congo, Congo-Brazzaville|CH Schweiz, Suisse, Svizzera|CI Ivory Coast
CN People's Republic of China, PRC, 中国|CV Cape Verde|CZ Czech Republic, Česko, Česká republika
DE Deutschland, Federal Republic of Germany|DK Danmark|EE Eesti|ES España|FI Suomi|FK Malvinas
FM Federated States of Micronesia|FO Føroyar, Faeroe Islands
GB UK, U.K., Great Britain, Britain, England, Scotland, Wales, Northern Ireland
GB United Kingdom of Great Britain and Northern Ireland
GL Kalaallit Nunaat|GR Hellas, Ελλάδα|HK Hong Kong SAR|HM Heard and McDonald Islands|HR Hrvatska|HU Magyarország
IE Éire, Republic of Ireland|IR Islamic Republic of Iran|IS Ísland|IT Italia|JP 日本
KP Democratic People's Republic of Korea|KR Korea, Republic of Korea|LA Lao People's Democratic Republic|LT Lietuva
LV Latvija|MD Republic of Moldova|MK Macedonia|MM Burma|MO Macau|MX México|NL Holland, Nederland, The Netherlands
NO Norge|PL Polska|PN Pitcairn Islands|PS State of Palestine|PT República Portuguesa|RO România|RS Srbija
RU Russian Federation, Россия|SE Sverige|SI Slovenija|SJ Svalbard and Jan Mayen Islands|SK Slovensko, Slovak Republic
SY Syrian Arab Republic|SZ Swaziland|TL East Timor|TR Turkey|TW Chinese Taipei|TZ United Republic of Tanzania
UA Україна|UM US Outlying Islands, U.S. Outlying Islands|US United States of America, U.S., U.S.A.|VA Holy See
VE Bolivarian Republic of Venezuela|VI US Virgin Islands, United States Virgin Islands|VN Viet Nam|ZA Suid-Afrika`;

interface Countries {
  /** By code of two letters. */
  readonly names: ReadonlyMap<string, string>;
  /** By what is written, folded. */
  readonly codes: ReadonlyMap<string, string>;
}
let made: Countries | null = null;

/** Made for the first country: most programs that load a definition convert none. */
function countries(): Countries {
  return made ??= madeOf(entriesOf(table), entriesOf(others));
}

function madeOf(usual: readonly string[], more: readonly string[]): Countries {
  const names = new Map<string, string>();
  const codes = new Map<string, string>();
  for (const entry of usual) {
    const [two = "", three = "", ...words] = entry.split(" ");
    names.set(two, words.join(" "));
    for (const written of [two, three, words.join(" ")]) codes.set(folded(written), two);
  }
  for (const entry of more) {
    for (const written of entry.slice(3).split(", ")) codes.set(folded(written), entry.slice(0, 2));
  }
  return { names, codes };
}

/**
 * ISO country code of the ERP ↔ country as text in the CRM. Forward gives the English name; backward takes names,
 * codes of two or three letters and usual variants in any case. What is unknown passes unchanged both ways, so a
 * company's own code still arrives. In the CRM "US", "USA" and "United States" are the same value.
 */
export const countryName: TwoWay<string | null, string | null> = {
  name: "countryName",
  forward: nameOf,
  backward: codeOf,
  normal: (country) => nameOf(codeOf(country)),
  lossy: "codes and other spellings of a country come back as its English name",
};

function nameOf(code: string | null): string | null {
  return code === null ? null : countries().names.get(code) ?? code;
}
function codeOf(country: string | null): string | null {
  return country === null ? null : countries().codes.get(folded(country)) ?? country;
}

/** Without case, accents, punctuation and articles; dots separate, or "n.a." would be Namibia. */
function folded(text: string): string {
  const words = text.normalize("NFKD").toLowerCase().replace(/[\u0300-\u036f'’]/g, "").replace(/&/g, " and ")
    .split(/[^\p{L}\p{M}]+/u).filter((word) => word !== "" && word !== "the");
  if (words[0] === "st") words[0] = "saint";
  return words.join(" ");
}
function entriesOf(text: string): readonly string[] {
  return text.split(/[|\n]/).filter((entry) => entry !== "");
}
