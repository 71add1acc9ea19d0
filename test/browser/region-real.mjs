// SPDX-License-Identifier: Apache-2.0
// A region of two nodes and three mines over real NATS and etcd: all mines in one list at either node, one
// of them opened wherever it is, a request that becomes a case there, an alarm that comes up, and the
// list when the other node dies while the browser stays open.
import { existsSync } from 'node:fs';
import { missing, PASSWORD, startRegion } from './real.mjs';

const tools = ['nats-server', 'etcd'].filter(
  (x) => !['/usr/bin', '/usr/sbin'].some((d) => existsSync(`${d}/${x}`)),
);
const why = missing() || (tools.length > 0 ? `not there: ${tools.join(', ')}` : '');
if (why) {
  console.log(`1..0 # SKIP ${why}`);
  process.exit(0);
}
const region = await startRegion({
  county: { li: { name: '李工', roles: 'official' } },
  'mine-a': { wang: { name: '王调度', roles: 'dispatcher' } },
  'mine-b': { wang: { name: '王调度', roles: 'dispatcher' } },
});
for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => region.stop().finally(() => process.exit(1)));
Object.assign(process.env, { KT_URL: region.url, KT_USER: 'li', KT_PASSWORD: PASSWORD });
const { equal, ok, story, until } = await import('./lib.mjs');
const NAMES = { 'mine-a': '甲矿（演示）', 'mine-b': '乙矿（演示）', 'mine-c': '丙矿（演示）' };

async function office(s, step) {
  const { page } = s;
  await s.login('li');
  const row = (mine) => page.locator('.mn-list tbody tr', { hasText: NAMES[mine] });
  const nodeOf = async (mine) => (await row(mine).locator('td').nth(5).innerText()).trim();
  let there = '';

  await step('one list has all mines, at whichever node they are', async () => {
    await s.go('#/mines');
    await until(async () => {
      const nodes = await Promise.all(Object.keys(NAMES).map((m) => nodeOf(m).catch(() => '')));
      return (
        nodes.every((n) => n.startsWith('county')) &&
        (await page.locator('.mn-list', { hasText: '无信号' }).count()) === 0
      );
    }, 'each mine is heard, at a node');
    equal(await page.locator('.mn-list tbody tr').count(), 3, 'rows');
    ok((await page.locator('.mn-sum').innerText()).includes('由 2 个节点分担'), 'two nodes');
    await s.axe('mines');
    await s.shot('region-mines');
    for (const m of Object.keys(NAMES)) if ((await nodeOf(m)) === 'county-2') there = m;
    there ||= 'mine-a';
  });
  await step('a mine is shown, also one of the other node, with values that move', async () => {
    await row(there).getByRole('link').click();
    await page.getByRole('heading', { name: NAMES[there] }).waitFor();
    const values = page.getByRole('region', { name: '现值' });
    await until(
      async () => /\d\.\d\d/.test(await values.locator('.value .v').first().innerText()),
      'a value',
    );
    await s.shot('region-mine');
  });
  await step('a request reaches the mine as a case, and its answer comes back', async () => {
    const orders = page.getByRole('region', { name: '对该矿的要求' });
    await orders.getByRole('textbox').fill('报送本周通风报表');
    await orders.getByRole('button', { name: '发出要求' }).click();
    await orders
      .locator('tr', { hasText: '报送本周通风报表' })
      .getByText('已送达，待答复')
      .waitFor();
    await s.axe('mine');
    await s.shot('region-mine-order');
  });
  await step('the list goes on when the other node is killed', async () => {
    await s.go('#/mines');
    region.kill2();
    await until(async () => {
      const nodes = await Promise.all(Object.keys(NAMES).map((m) => nodeOf(m).catch(() => '')));
      return nodes.every((n) => n === 'county');
    }, 'all mines at the node that is left');
    await s.shot('region-mines-left');
    s.errors = s.errors.filter((x) => !/status of 503/.test(x)); // what was asked of the node that died
  });
}

try {
  await story('the region', office);
} finally {
  await region.stop();
}
