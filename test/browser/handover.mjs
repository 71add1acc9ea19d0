// SPDX-License-Identifier: Apache-2.0
// End of a shift: the list is made by the system, a note is added, both names are signed.
import { skip, story, until } from './lib.mjs';

await story('hand-over', async (s, step) => {
  const { page, server } = s;
  await s.login();
  await s.go('#/handover');
  await step('open alarms, tags, calibrations, commands and cards are listed', async () => {
    await page.getByRole('heading', { name: '未结束报警' }).waitFor();
    for (const word of [
      '搁置报警',
      '挂牌',
      '调校中',
      '未完成命令',
      '处置中',
      '值班记录',
      '最近签字',
    ])
      await page.locator('.handover-lists', { hasText: word }).waitFor();
  });
  await step('a note is added and shows in the list', async () => {
    await page.getByLabel('记录内容').fill('1203 风门已修');
    await page.getByRole('button', { name: '添加记录' }).click();
    await page.locator('.handover-lists', { hasText: '1203 风门已修' }).waitFor();
  });
  await step('it is signed', async () => {
    if (!server) skip('signs a real shift');
    await page.getByLabel('接班人').fill('李强');
    await page.getByRole('button', { name: '签字交接' }).click();
    await until(
      async () => (await page.locator('.handover-lists').innerText()).includes('李强'),
      'signature in the list',
    );
  });
});
