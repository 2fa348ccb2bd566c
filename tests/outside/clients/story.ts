// A story told with openapi-fetch over the generated types: `node story.js URL EMAIL PASSWORD`. Checked by tsc --strict.
import createClient from "openapi-fetch";
import type { components, paths } from "./guanxi.js";

type Problem = components["schemas"]["ProblemDetails"];

const [url = "", email = "", password = ""] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl: url });

/** What was asked for; a refusal ends the story with its own words. */
function found<Data>(answer: { data?: Data; error?: Problem }): Data {
  if (answer.data === undefined) throw new Error(`refused: ${answer.error?.code} ${answer.error?.detail}`);
  return answer.data;
}

const tokens = found(await api.POST("/v1/auth/sign-in", { body: { email, password } }));
api.use({
  onRequest({ request }) {
    request.headers.set("authorization", `Bearer ${tokens.access_token}`);
    return request;
  },
});

const account = found(
  await api.POST("/v1/accounts", {
    body: {
      name: "上海晨光文具有限公司",
      industry: "retail",
      revenue: { amount: "1200000.00", currency: "CNY" },
      grade: "A",
      phones: [{ number: "+86 21 5888 0000" }],
    },
  }),
);
const contact = found(
  await api.POST("/v1/contacts", { body: { name: "张三", accounts: [{ account_id: account.id }] } }),
);
const opportunity = found(
  await api.POST("/v1/opportunities", {
    body: { name: "软件许可", account_id: account.id, amount: { amount: "128000.00", currency: "CNY" } },
  }),
);
const ticket = found(
  await api.POST("/v1/tickets", {
    body: { subject: "发票抬头有误", account_id: account.id, requester_id: contact.id, kind: "complaint" },
  }),
);

for (const number of [0, 1, 2, 3]) found(await api.POST("/v1/accounts", { body: { name: `Firma ${number}` } }));
const names: string[] = [];
let cursor: string | null | undefined;
do {
  const query = { limit: 2, sort: ["name" as const], ...(cursor ? { cursor } : {}) };
  const page = found(await api.GET("/v1/accounts", { params: { query } }));
  names.push(...page.data.flatMap((row) => row.name ?? []));
  cursor = page.page.next_cursor;
} while (cursor);

const one = { account_id: account.id };
const header = { "If-Match": `"${account.version}"` };
const patch = "/v1/accounts/{account_id}";
const changed = found(await api.PATCH(patch, { params: { path: one, header }, body: { grade: "B" } }));
const stale = await api.PATCH(patch, { params: { path: one, header }, body: { grade: "C" } });
const now = found(await api.GET(patch, { params: { path: one } }));
const { error } = await api.POST("/v1/accounts", { body: { name: "" } });
if (!error) throw new Error("not refused");
console.log(
  JSON.stringify({
    account: account.name,
    contact_of: contact.accounts.map((link) => link.account_id),
    account_id: account.id,
    amount: opportunity.amount?.amount,
    ticket: ticket.kind,
    names,
    changed: [changed.grade, changed.name, changed.industry],
    now: [now.grade, now.version],
    stale: [stale.response.status, stale.error?.code],
    refused: [error.status, Object.keys(error.errors).sort()],
  }),
);
