// SPDX-License-Identifier: Apache-2.0
// A dispatcher logs in: wrong password first, sound test, language and theme without reload.
import { equal, ok, PASSWORD, story, USER, until } from './lib.mjs';

await story('log-in', async (s, step) => {
  const { page } = s;
  await step('a wrong password is refused in words', async () => {
    await page.getByLabel('用户名').fill(USER);
    await page.getByLabel('密码').fill(`${PASSWORD}-wrong`);
    await page.getByRole('button', { name: '登录' }).click();
    await page.getByRole('alert').waitFor();
    ok((await page.getByRole('alert').innerText()).length > 3, 'the refusal has a text');
    equal(await page.locator('header.strip').count(), 0, 'strips shown');
  });
  await step('language and theme change at once', async () => {
    await page.getByLabel('语言').selectOption('en');
    await page.getByRole('button', { name: 'Log in' }).waitFor();
    equal(await page.locator('html').getAttribute('lang'), 'en-GB', 'lang');
    await page.getByLabel('Theme').selectOption('dark');
    equal(await page.locator('html').getAttribute('data-theme'), 'dark', 'theme');
    await page.getByLabel('Language').selectOption('zh');
    await page.getByLabel('深浅色').selectOption('light');
  });
  await step('the sound can be tested', async () => {
    for (const word of ['紧急', '高', '中', '低']) await page.getByTitle(`试听：${word}`).click();
  });
  await step('by keys alone into the shell', async () => {
    await page.getByLabel('用户名').fill(USER);
    await page.getByLabel('密码').fill(PASSWORD);
    await s.key('Enter');
    await page.locator('header.strip').waitFor();
    await until(async () => (await page.locator('.rail a').count()) >= 4, 'the rail');
  });
  await step('the session survives a reload, log-out ends it', async () => {
    await page.reload();
    await page.locator('header.strip').waitFor();
    await page.getByLabel('用户', { exact: true }).click();
    await page.getByRole('button', { name: '退出' }).click();
    await page.getByLabel('用户名').waitFor();
    equal(await page.getByText('登录已失效').count(), 0, 'a session that ended by itself');
  });
  await step('a session that the server ended says so', async () => {
    await s.login();
    await page.context().clearCookies();
    await s.go('#/cards');
    await page.getByText('登录已失效').waitFor();
    await until(
      () => page.getByLabel('用户名').evaluate((e) => e === document.activeElement),
      'the name has the focus',
    );
  });
});
