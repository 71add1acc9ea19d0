// SPDX-License-Identifier: Apache-2.0
// The alarm screen: counts filter, several are acknowledged with a note, statutory ones stay.
import { equal, ok, skip, story, until } from './lib.mjs';

await story('alarms', async (s, step) => {
  const { page, server } = s;
  await s.login();
  await s.go('#/alarms');
  const rows = page.getByRole('grid', { name: '报警' }).locator('tbody tr:not(.spacer)');
  await step('the list is sorted by severity, worst first', async () => {
    await until(async () => (await rows.count()) > 0 || !server, 'rows');
    const levels = await rows
      .locator('.tag')
      .evaluateAll((els) => els.map((e) => Number(/p(\d)/.exec(e.className)[1])));
    equal(levels.join(), [...levels].sort().join(), 'order');
  });
  await step('a count is a filter, and it is in the address', async () => {
    if (!server) skip('needs the alarms of the fixture');
    await page.locator('.alarm-counts').getByTitle('低', { exact: true }).click();
    await until(async () => (await rows.count()) === 2, 'two low alarms');
    await until(() => page.url().includes('priority=4'), 'address');
    await page.locator('.alarm-counts').getByTitle('低', { exact: true }).click();
  });
  await step('alarms of one cause are folded under the first', async () => {
    if (!server) skip('needs the alarms of the fixture');
    const before = await rows.count();
    await page.getByRole('button', { name: /同因 4 条/ }).click();
    await until(async () => (await rows.count()) === before + 4, 'four more rows');
  });
  await step('while the pointer is in the list it does not move; . shows the new', async () => {
    if (!server) skip('needs the fixture to raise an alarm');
    await rows.last().hover();
    const before = await rows.count();
    server.raise('wind.low', 'F-1305', { value: 0.3 });
    await page.getByRole('button', { name: /1 条新/ }).waitFor();
    equal(await rows.count(), before, 'rows');
    await s.key('.');
    await until(async () => (await rows.count()) === before + 1, 'the new row');
  });
  await step('a range is chosen with Shift and acknowledged with one key', async () => {
    if (!server) skip('changes alarms of the fixture');
    await page.getByLabel('同因折叠').uncheck();
    const mine = rows.filter({ hasText: '传感器故障' }).filter({ hasText: '未确认' });
    const n = await mine.count();
    ok(n >= 2, 'at least two');
    await mine.first().click();
    await mine.nth(1).click({ modifiers: ['Control'] });
    await s.key('k');
    await until(async () => (await mine.count()) === n - 2, 'two fewer unacknowledged');
    await page.locator('.toast', { hasText: '已确认 2 条' }).waitFor();
  });
  await step(
    'an alarm of no clause is shelved with reason; a statutory one offers no shelf',
    async () => {
      if (!server) skip('changes alarms of the fixture');
      await rows.filter({ hasText: '粉尘浓度高' }).first().click();
      await s.key('s');
      await page.getByLabel('原因').fill('洒水检修');
      await page.getByRole('dialog').getByRole('button', { name: '搁置报警' }).click();
      await page.getByRole('tab', { name: /搁置 2/ }).click();
      await rows.filter({ hasText: '粉尘浓度高' }).waitFor();
      await page.getByRole('tab', { name: /活动/ }).click();
      await rows.filter({ hasText: '瓦斯超限' }).first().click();
      await page.locator('.alarms-pane', { hasText: '法定报警' }).waitFor();
      equal(
        await page.locator('.alarms-pane').getByRole('button', { name: '搁置' }).count(),
        0,
        'shelve buttons',
      );
    },
  );
  await step('history is read page by page; few rows stand in the document', async () => {
    await page.getByRole('tab', { name: '历史', selected: false }).click();
    await page.getByRole('tab', { name: '历史', selected: true }).waitFor();
    await until(async () => !server || (await rows.count()) > 0, 'history');
    await s.settled();
    if ((await rows.count()) === 0) skip('no history yet');
    ok((await rows.count()) < 60, 'rows in the document');
    await page.getByRole('grid').focus();
    await s.key('End');
    await s.key('ArrowUp');
    await s.axe('history');
  });
});
