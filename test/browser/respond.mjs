// SPDX-License-Identifier: Apache-2.0
// From alarm to closed response card: steps signed, cause and measure, closing.
import { becomes, skip, story, until } from './lib.mjs';

await story('response card', async (s, step) => {
  const { page, server } = s;
  await s.login();
  await step('A and R open the card of the worst alarm', async () => {
    if (!server) skip('signs steps of the fixture');
    await page.locator('.strip-alarm').first().waitFor();
    await until(async () => {
      await s.key('a'); // lost while the shell is still being fetched, as for a person
      return page.locator('.cardpane .alarm-card').isVisible();
    }, 'the card of the alarm');
    await page.locator('.cardpane .alarm-card').waitFor();
    await s.key('r');
    await page.getByRole('dialog', { name: /处置卡/ }).waitFor();
    await s.shot('response');
  });
  if (!server) return;
  const card = page.getByRole('dialog', { name: /处置卡/ });
  await step('the half-hour report counts down', async () => {
    await until(async () => /半小时续报 余 \d\d:\d\d/.test(await card.innerText()), 'time left');
  });
  await step('a step is signed with time and name', async () => {
    await card.getByLabel(/说明.*停止作业/).fill('已通知1203班长');
    await card.getByRole('button', { name: '签认' }).first().click();
    await until(
      async () => /\d\d:\d\d:\d\d wang/.test(await card.locator('.steps').innerText()),
      'signature',
    );
  });
  await step('it cannot be closed before cause and measure are recorded', async () => {
    await becomes(() => card.getByRole('button', { name: '结案' }).isDisabled(), true, 'close is disabled');
    await card.getByLabel('原因').fill('风门开启，风量下降');
    await card.getByLabel('措施').fill('关闭风门，恢复风量');
    await card.getByRole('button', { name: '记录原因与措施' }).click();
    await card.getByLabel('结案说明').fill('已恢复');
    await until(
      async () => !(await card.getByRole('button', { name: '结案' }).isDisabled()),
      'close is enabled',
    );
    await card.getByRole('button', { name: '结案' }).click();
    await until(
      async () => (await card.getByRole('button', { name: '签认' }).count()) === 0,
      'nothing more to sign',
    );
  });
  await step('the book of cards has it with its cause', async () => {
    await s.key('Escape');
    await s.go('#/cards?state=closed');
    await page.getByRole('grid').locator('tr', { hasText: '风门开启' }).waitFor();
  });
});
