/** Which field a refusal is about: its text has the page's property, the caption of the table's field, or the value. */
import { pages } from "../../extension/pages.ts";
import type { Page } from "../../extension/page.ts";
import type { AnyEntity, Fields } from "../connector.ts";

/** Captions that no page of the extension gives: of the standard pages, and of what stands under another property there. */
const others: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  customers: {
    paymentTermsCode: ["Payment Terms Code", "Payment Terms Id", "paymentTermsId"],
    shipmentMethodCode: ["Shipment Method Code", "Shipment Method Id", "shipmentMethodId"],
  },
  contacts: { lastName: ["Surname", "Name", "displayName"], customerId: ["Company No.", "companyNumber"] },
  salespeoplePurchasers: { code: ["Code"], displayName: ["Name"], email: ["E-Mail"], phoneNo: ["Phone No."] },
  currencies: { code: ["Code"], displayName: ["Description"], symbol: ["Symbol"] },
  unitsOfMeasure: { code: ["Code"], displayName: ["Description"], symbol: ["Symbol"] },
  salesOrders: {
    externalDocumentNumber: ["External Document No."],
    orderDate: ["Order Date"],
    requestedDeliveryDate: ["Requested Delivery Date"],
    customerId: ["Sell-to Customer No.", "Customer No."],
    currencyCode: ["Currency Code"],
    paymentTermsCode: ["Payment Terms Code", "paymentTermsId"],
    shipmentMethodCode: ["Shipment Method Code", "shipmentMethodId"],
    salespersonCode: ["Salesperson Code", "salesperson"],
    shipToName: ["Ship-to Name"],
    shipToAddressLine1: ["Ship-to Address"],
    shipToAddressLine2: ["Ship-to Address 2"],
    shipToCity: ["Ship-to City"],
    shipToState: ["Ship-to County"],
    shipToCountry: ["Ship-to Country/Region Code"],
    shipToPostCode: ["Ship-to Post Code"],
    discountAmount: ["Invoice Discount Amount"],
    yourReference: ["Your Reference"],
    shippingAgentCode: ["Shipping Agent Code"],
  },
  salesOrderLines: {
    description: ["Description"],
    unitOfMeasureCode: ["Unit of Measure Code"],
    quantity: ["Quantity"],
    unitPrice: ["Unit Price"],
    discountAmount: ["Line Discount Amount"],
    shipmentDate: ["Shipment Date"],
  },
};

/** The field among those that were sent; undefined where the text is about none of them, or could be about two. */
export function namedField(message: string, sent: Fields, entity: AnyEntity): string | undefined {
  const fields = Object.keys(sent);
  return fields.find((field) => hasName(message, field)) ?? byCaption(message, fields, entity.name) ??
    byValue(message, sent, entity);
}

/** In quotes, after the word "field", or a name that is no word of any language. */
function hasName(message: string, name: string): boolean {
  if (new RegExp(`["'\`]${name}["'\`]|\\bfield:? ${name}\\b(?! of table)`, "i").test(message)) return true;
  return /[a-z][A-Z]/.test(name) && new RegExp(`\\b${name}\\b`).test(message);
}

/** The longest caption counts: "Address 2" has "Address" in it. */
function byCaption(message: string, fields: readonly string[], entity: string): string | undefined {
  const named = fields.flatMap((field) => {
    const longest = captionsOf(entity, field).filter((caption) => isNamed(message, caption))
      .reduce((most, { length }) => Math.max(most, length), 0);
    return longest === 0 ? [] : [{ field, longest }];
  });
  return named.toSorted((one, other) => other.longest - one.longest)[0]?.field;
}

function captionsOf(entity: string, field: string): readonly string[] {
  const page: Page | undefined = Object.values<Page>(pages).find(({ set, symbol }) => set === entity && !symbol);
  const { computed, source } = page?.fields[field] ?? {};
  const caption = computed === undefined ? source : computed.column;
  return [...caption === undefined ? [] : [caption], ...others[entity]?.[field] ?? []];
}

/** A caption of one word is a word of sentences, too: it counts where it is what the sentence is about. */
function isNamed(message: string, caption: string): boolean {
  const text = RegExp.escape(caption);
  const about =
    `(?:^|["'])${text}(?:["']| (?:must|cannot|can't|is not)\\b)|\\bfield ["']?${text}["']?(?: of table| |$)`;
  if (new RegExp(about).test(message)) return true;
  return /\w[ /-]\w|^[a-z]+[A-Z]/.test(caption) && new RegExp(`(?<![\\w-])${text}(?![\\w-])`).test(message);
}

/** Texts about lengths and addresses say the value only. */
function byValue(message: string, sent: Fields, { fields }: AnyEntity): string | undefined {
  const isMail = /\be-?mail\b/i.test(message);
  const mails = isMail ? Object.keys(sent).filter((field) => fields[field]?.match === "email") : [];
  if (mails.length === 1) return mails[0];
  const value = /\bValue: (.+)$/s.exec(message)?.[1] ?? (isMail ? /["'](.+?)["']/.exec(message)?.[1] : undefined);
  const hits = value === undefined ? [] : Object.keys(sent).filter((field) => sent[field] === value);
  return hits.length === 1 ? hits[0] : undefined;
}
