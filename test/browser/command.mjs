// SPDX-License-Identifier: Apache-2.0
// A switch: opening is easy, closing is checked, a second person confirms, the feed proves it.
import { becomes, equal, skip, story, until } from './lib.mjs';

await story('command', async (s, step) => {
  const { page, server } = s;
  await s.login();
  if (!server) {
    await step('commands', () =>
      skip('the story of the program itself is test/browser of its API'),
    );
    return;
  }
  await s.go('#/o/K-1205');
  await step('the card shows value, feed state and what it feeds', async () => {
    for (const word of ['1205馈电', '有电', '1205工作面'])
      await page.locator('.object', { hasText: word }).waitFor();
  });
  await step('opening needs a reason and no more; it is followed to the proof', async () => {
    await page.getByRole('button', { name: '断电…' }).click();
    const d = page.getByRole('dialog', { name: /命令/ });
    await becomes(() => d.getByRole('button', { name: '执行：断电' }).isDisabled(), true, 'disabled without reason');
    await d.getByLabel('原因').fill('瓦斯升高');
    await d.getByRole('button', { name: '执行：断电' }).click();
    await d.getByText('馈电已证实').and(d.locator('.done')).waitFor();
    await s.axe('command');
    await s.shot('command');
    await d.getByRole('button', { name: '关闭', exact: true }).last().click();
    await until(
      async () => /无电/.test(await page.locator('.object').innerText()),
      'the load side is dead',
    );
  });
  await step('closing shows every condition and waits for the second person', async () => {
    await page.getByRole('button', { name: '送电…' }).click();
    const d = page.getByRole('dialog', { name: /命令/ });
    await d.getByText('联锁条件全部满足').waitFor();
    await d.getByLabel('原因').fill('瓦斯已降');
    await becomes(() => d.getByRole('button', { name: /提交/ }).isDisabled(), true, 'disabled before the id is typed');
    await d.getByLabel(/键入 K-1205/).fill('K-1205');
    await d.getByRole('button', { name: /提交/ }).click();
    await d.getByText('第二人不能是发令人').waitFor();
    await becomes(() => d.getByRole('button', { name: /第二人确认/ }).isDisabled(), true, 'the first cannot be the second');
    await s.key('Escape');
  });
  await step('no single key sends anything', async () => {
    let asked = 0;
    page.on('request', (r) => {
      if (r.url().endsWith('/requests') && r.postData()?.includes('output.')) asked += 1;
    });
    for (const k of 'abcdefhijklmnopqrstuvwxyz') await s.key(k);
    for (const k of ['Escape', 'Enter', 'Space']) await s.key(k);
    equal(asked, 0, 'commands sent');
  });
  await step('a replay cannot command', async () => {
    await s.go('#/o/K-1207');
    await s.key('Shift+R');
    await page.getByRole('dialog').getByRole('button', { name: '播放' }).click();
    await page.locator('.mode-frame.replay').waitFor();
    await becomes(() => page.getByRole('button', { name: '断电…' }).isDisabled(), true, 'disabled in replay');
  });
});
