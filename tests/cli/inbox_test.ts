/** The commands that deal with what a run lists, one after the other on the demo company. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openPglite } from "../../store/pglite.ts";
import { inWorld } from "./world.ts";

const companyId = "11111111-2222-4333-8444-555555555555";
const real = {
  erp: { tenant: "contoso", environment: "Production", companyId, clientId: "c1" },
  crm: { url: "https://org.crm4.dynamics.com/", clientId: "c2" },
};
const secrets = { TENGING_ERP_CLIENT_SECRET: "s1", TENGING_CRM_CLIENT_SECRET: "s2" };

Deno.test("what the first run lists can be looked into and decided", (t) =>
  inWorld(async ({ dir, run }) => {
    const early = await run(["conflicts", "list"]);
    assertEquals([early.code, early.err.includes("[nothing_run]")], [2, true]);
    assertEquals((await run(["sync"])).code, 3);

    let record = "";
    await t.step("conflicts list and show", async () => {
      const { conflicts } = JSON.parse((await run(["conflicts", "list", "--json"])).out);
      record = conflicts[0].record;
      assertMatch(record, /^customers\/C\d+$/);
      const list = await run(["conflicts"]);
      assertStringIncludes(list.out, record);
      assertStringIncludes(list.err, `Next: deno task conflicts show ${record}\n`);
      const show = await run(["conflicts", "show", record]);
      assertStringIncludes(show.out, `${record}: `);
      assertStringIncludes(show.err, `Next: deno task conflicts resolve ${record} --keep erp\n`);
    });

    await t.step("report conflicts and failures", async () => {
      const conflicts = await run(["report", "conflicts"]);
      assertStringIncludes(conflicts.out, `,${record.slice("customers/".length)},`);
      assertEquals(conflicts.err, "Next: deno task conflicts list\n");
      const failures = await run(["report", "failures"]);
      assertMatch(failures.out, /^report_version,.*\r\n1,[^\r]*,blocked,/);
      const wrong = await run(["report", "conflcts"]);
      assertEquals([wrong.code, wrong.err.includes('did you mean "conflicts"?')], [2, true]);
      assertEquals((await run(["report", "failures", "--only", "failed"])).code, 2);
    });

    await t.step("why", async () => {
      const why = await run(["why", record]);
      assertStringIncludes(why.out, `${record}: conflict\n`);
      assertStringIncludes(why.out, "both ways, conflict: stop");
      assertEquals(why.err, `Next: deno task conflicts show ${record}\n`);
      const near = await run(["why", record.replace("/C", "/X")]);
      assertEquals([near.code, near.err.includes("[no_such_record]"), near.err.includes("did you mean")], [
        2,
        true,
        true,
      ]);
    });

    await t.step("conflicts resolve", async () => {
      const wrong = await run(["conflicts", "reslove", record]);
      assertEquals([wrong.code, wrong.err.includes('did you mean "resolve"?')], [2, true]);
      const resolved = await run(["conflicts", "resolve", record, "--keep", "ERP"]);
      assertEquals([resolved.code, resolved.err], [0, `Next: deno task sync --select ${record}\n`]);
      assertStringIncludes((await run(["conflicts", "resolve", record, "--keep", "erp"])).out, "is resolved already");
      const sync = await run(["sync", "--select", record]);
      assertStringIncludes(sync.out, "1 ");
      const none = await run(["conflicts", "resolve", record, "--keep", "crm"]);
      assertEquals([none.code, none.err.includes("[no_conflict]")], [2, true]);
      const { lost } = JSON.parse((await run(["conflicts", "list", "--decided", "--json"])).out);
      assertEquals(lost.map((one: { record: string; by: string }) => [one.record, one.by]), [
        [record, "resolved by a person"],
      ]);
    });

    await t.step("skip and retry", async () => {
      const { conflicts: [other] } = JSON.parse((await run(["conflicts", "list", "--json"])).out);
      const blank = await run(["skip", other.record, "--reason", " "]);
      assertEquals([blank.code, blank.err.includes("[bad_arguments]")], [2, true]);
      const skipped = await run(["skip", other.record, "--reason", "known"]);
      assertEquals([skipped.code, skipped.out], [0, `"${other.record}" is left alone until it changes: known\n`]);
      assertStringIncludes(
        skipped.err,
        `deno task retry --select ${other.record} takes it back\nNext: deno task status\n`,
      );
      const nothing = await run(["retry", "--select", "reason:refused"]);
      assertEquals([nothing.code, nothing.err.includes("Nothing that is listed fits\nNext: ")], [0, true]);
      const lines = (await run(["report", "--only", "skipped"])).out.trimEnd().split("\r\n");
      assertEquals([lines.length, lines[1]!.includes("skipped,known")], [2, true]);
      const settings = await Deno.readTextFile(`${dir}/tenging.json`);
      await Deno.writeTextFile(`${dir}/tenging.json`, JSON.stringify({ connections: { default: real } }));
      const refused = await run(["retry", "--select", "result:skipped"], secrets);
      assertEquals([refused.code, refused.err.includes("[confirmation_missing]")], [2, true], refused.err);
      await Deno.writeTextFile(`${dir}/tenging.json`, settings);
      assertEquals((await run(["report", "--only", "skipped"])).out.trimEnd().split("\r\n").length, 2);
      const again = await run(["retry", "--select", "result:skipped"]);
      assertEquals(again.code, 3);
      assertStringIncludes(again.err, 'Trying again 2 of "customers": 2 skipped\n');
      assertMatch(again.err, /\nListed again: 6 of 7, 5 unfit, 1 conflict\n[^]*\nNext: .*\n$/);
      const alone = await run(["retry", "--select", other.record, "--select", "result:conflict"]);
      assertMatch(alone.out, /^total +Finished +2 /m, alone.out); // the two directions of one record
      assertStringIncludes(alone.err, "Listed again: 1 of 1, 1 conflict\n");
      const [, first] = /^Next: deno task (why \S+)\n$/.exec((await run(["report", "--only", "listed"])).err)!;
      assertStringIncludes((await run(first!.split(" "))).out, "What blocks it\n");
      const shown = await run(["conflicts", "show", other.record, "--json"]);
      assertEquals(JSON.parse(shown.out).conflicts.length, 1);
    });

    await t.step("uncouple and couple", async () => {
      const parted = await run(["uncouple", record]);
      assertStringIncludes(parted.out, "are uncoupled now; neither is created again");
      const [, again] = /^deno task (couple customers \S+ \S+) couples them again\nNext: /.exec(parted.err) ?? [];
      assertStringIncludes((await run(["why", record])).out, `${record}: tombstone\n`);
      const coupled = await run(again!.split(" "));
      assertEquals([coupled.code, coupled.out.includes("are coupled now")], [0, true], coupled.err);
      const taken = await run(["couple", "customers", record.slice("customers/".length), "nobody"]);
      assertEquals([taken.code, taken.err.includes("[no_such_record]")], [2, true]);
      assertStringIncludes((await run(["couple", "customers"])).err, "write deno task couple STEP ERP CRM");
    });

    await t.step("all refuse a store that another process holds", async () => {
      const store = await openPglite(`${dir}/.tenging/store`);
      for (
        const command of ["conflicts list", `why ${record}`, `skip ${record} --reason x`, "retry", `uncouple ${record}`]
      ) {
        const ended = await run(command.split(" "));
        assertEquals([ended.code, ended.out, ended.err.includes("[store_locked]")], [6, "", true], command);
      }
      await store.close();
    });
  }));
