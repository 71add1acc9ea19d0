// SPDX-License-Identifier: Apache-2.0
// The documents in the theme that this browser's screens have.
try {
  document.documentElement.dataset.theme = JSON.parse(localStorage.getItem('kt.theme')) ?? 'light';
} catch {
  document.documentElement.dataset.theme = 'light';
}
