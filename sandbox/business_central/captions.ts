/** What the service's messages call the properties of its pages: the captions of the tables' fields. */
const captions: Readonly<Record<string, string>> = {
  number: "No.",
  displayName: "Name",
  addressLine1: "Address",
  addressLine2: "Address 2",
  city: "City",
  state: "County",
  country: "Country/Region Code",
  postalCode: "Post Code",
  phoneNumber: "Phone No.",
  phoneNo: "Phone No.",
  primaryPhoneNumber: "Phone No.",
  mobilePhoneNumber: "Mobile Phone No.",
  faxNumber: "Fax No.",
  salespersonCode: "Salesperson Code",
  salesperson: "Salesperson Code",
  currencyCode: "Currency Code",
  currencyId: "Currency Id",
  paymentTermsId: "Payment Terms Id",
  shipmentMethodId: "Shipment Method Id",
  unitOfMeasureCode: "Unit of Measure Code",
  baseUnitOfMeasureCode: "Base Unit of Measure",
  itemCategoryCode: "Item Category Code",
  companyNumber: "Company No.",
  customerPriceGroupCode: "Customer Price Group",
  shippingAgentCode: "Shipping Agent Code",
  primaryContactNumber: "Primary Contact No.",
  vendorNumber: "Vendor No.",
  lineObjectNumber: "No.",
};

/** The caption of a property; the property's own name where it has none here. */
export function captionOf(property: string): string {
  return Object.hasOwn(captions, property) ? captions[property]! : property;
}
