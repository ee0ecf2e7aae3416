/** The connector's orders at a stub of Business Central, and rows as its pages give them. */
import { openBusinessCentral } from "../../connectors/business_central/client.ts";
import { bc } from "../../connectors/business_central/entities.ts";
import type { Connector, Fields, Opened, PartWrite, Write } from "../../connectors/connector.ts";
import { openGate, type Stub, testClock, tokenOf } from "./stub.ts";

export const companyId = "cccccccc-0000-4000-8000-000000000001";
export const id = "aaaaaaaa-0000-4000-8000-000000000001";
export const lineId = "bbbbbbbb-0000-4000-8000-000000000001";
export const api = `/v2.0/tenant/production/api/v2.0/companies(${companyId})`;
export const custom = `/v2.0/tenant/production/api/tenging/integration/v1.0/companies(${companyId})`;

export function connectorTo(stub: Stub, options: { extension?: boolean; pageSize?: number } = {}): Connector {
  return openBusinessCentral({
    baseUrl: `${stub.url}/v2.0/tenant/production`,
    companyId,
    token: tokenOf(stub),
    limiter: openGate(),
    clock: testClock(),
    ...options,
  });
}
export function ordersOf(stub: Stub, options: { extension?: boolean } = {}): Opened {
  return connectorTo(stub, options).open(bc.salesOrders, bc.salesOrderLines);
}

export interface Line {
  readonly sequence: number;
  readonly [property: string]: unknown;
}
export function rawLine(sequence: number, more: Record<string, unknown> = {}): Line {
  return {
    "@odata.etag": `W/"L${sequence}"`,
    id: lineId.replace(/1$/, String(sequence / 10_000)),
    documentId: id,
    sequence,
    lineType: "Item",
    lineObjectNumber: "1896-S",
    description: "Desk",
    unitOfMeasureCode: "PCS",
    quantity: 1,
    unitPrice: 2,
    discountAmount: 0,
    amountExcludingTax: 2,
    shipmentDate: "2026-05-20",
    shippedQuantity: 0,
    invoicedQuantity: 0,
    ...more,
  };
}
export function rawOrder(more: Record<string, unknown> = {}, lines: readonly Line[] = [rawLine(10000)]) {
  return {
    "@odata.etag": 'W/"1"',
    id,
    number: "S-ORD1",
    status: "Draft",
    fullyShipped: false,
    shipToName: "Sól",
    lastModifiedDateTime: "2026-05-20T10:00:00.5Z",
    salesOrderLines: lines,
    ...more,
  };
}
export function change(version: string, fields: Fields, parts: readonly PartWrite[] = []): Write {
  return { op: "update", id, version, fields, parts };
}
export const wanted = { fields: ["number", "shipToName"], partFields: ["quantity"] };
