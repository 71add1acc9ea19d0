// SPDX-License-Identifier: Apache-2.0
// The shell's duties: pop-up on any screen, acknowledge by one key, silence while typing, link loss.
import { equal, ok, skip, story, until } from './lib.mjs';

await story('shell', async (s, step) => {
  const { page, server } = s;
  await s.login();
  await step('an urgent alarm pops up on any screen and leaves the focus alone', async () => {
    if (!server) skip('needs the fixture to raise an alarm');
    await s.go('#/handover');
    const field = page.getByLabel('记录内容');
    await field.focus();
    server.raise('gas.over-limit', 'T1-1205', { value: 1.21 });
    await page
      .locator('.popup', { hasText: '1205工作面瓦斯' })
      .or(page.getByRole('button', { name: /另有 \d+ 条/ }))
      .first()
      .waitFor();
    equal(
      await field.evaluate((e) => e === document.activeElement),
      true,
      'the field keeps the focus',
    );
    const strip = await page.locator('header.strip').boundingBox();
    const popup = await page.locator('.popup').first().boundingBox();
    ok(popup.y >= strip.y + strip.height - 1, 'the strip is not covered');
  });
  await step('keys are silent while typing', async () => {
    await s.go('#/handover');
    const field = page.getByLabel('记录内容');
    await field.fill('');
    await page.keyboard.type('ka/g m');
    equal(await field.inputValue(), 'ka/g m', 'typed');
    await until(() => page.url().includes('#/handover'), 'still the same screen');
    await field.fill('');
    await field.evaluate((e) => e.blur());
  });
  await step('a screen that could not be loaded says so and is opened anew', async () => {
    await page.route(/BacktestScreen/, (r) => r.abort());
    await s.go('#/backtest');
    const again = page.getByRole('button', { name: '重新打开画面' });
    await again.waitFor();
    await page.unroute(/BacktestScreen/);
    await again.click();
    await page.getByRole('button', { name: '运行回测' }).waitFor();
    await s.go('#/handover');
    await page.getByLabel('记录内容').waitFor();
    await page.locator('.strip-alarm').first().waitFor();
  });
  await step('A opens the worst alarm, K acknowledges it', async () => {
    const first = page.locator('.strip-alarm').first();
    if ((await first.count()) === 0) skip('no unacknowledged alarm');
    const name = await first.innerText();
    await s.key('a');
    await page.locator('.cardpane .alarm-card').waitFor();
    await s.key('k');
    await until(
      async () =>
        (await page.locator('.strip-alarm').count()) === 0 || (await first.innerText()) !== name,
      'the strip moves on',
    );
    await page
      .locator('.cardpane', { hasText: /已确认|已结束/ })
      .first()
      .waitFor();
  });
  await step('g and a letter open screens, ? lists the keys', async () => {
    await s.key('g');
    await s.key('a');
    await until(() => page.url().includes('#/alarms'), 'alarms');
    await s.key('?');
    await page.getByRole('dialog', { name: /^帮助/ }).waitFor();
    await s.axe('keys');
    const doc = await page.getByRole('link', { name: /文档|详细说明/ }).getAttribute('href');
    const said = await page.request.get(`${s.url}${doc}`);
    ok(said.ok() && (await said.text()).includes('<h1'), `${doc} can be read`);
    await s.key('Escape');
  });
  await step('search finds by pinyin initials and opens the card', async () => {
    if (!server) skip('needs the names of the fixture');
    await s.key('/');
    await page.getByRole('combobox', { name: '搜索' }).fill('1203hfws');
    await page
      .getByRole('option', { name: /1203回风瓦斯/ })
      .first()
      .waitFor();
    await s.key('Enter');
    await s.go('#/map');
    await page.locator('.cardpane', { hasText: '1203回风瓦斯' }).waitFor();
  });
  await step('a silent line hatches the screen and says since when', async () => {
    if (!server) skip('needs the fixture to fall silent');
    server.silence(true);
    await page.locator('.linkloss').waitFor();
    await page.locator('.linkloss', { hasText: /连接中断 \d\d:\d\d:\d\d 起/ }).waitFor();
    await s.shot('linkloss');
    server.silence(false);
    await page.locator('.linkloss').waitFor({ state: 'detached' });
  });
});
