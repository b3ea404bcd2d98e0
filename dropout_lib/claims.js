// Filters the ledger: by verdict with buttons, by words with the search field.
for (const root of document.querySelectorAll(".ledger:not([data-ready])")) {
  root.dataset.ready = "";
  const buttons = [...root.querySelectorAll("button[data-verdict]")];
  const search = root.querySelector("input[type=search]");
  const parts = [...root.querySelectorAll(".ledger-part")];
  const rows = [...root.querySelectorAll(".claim")].map((claim) => ({
    claim, words: claim.textContent.toLowerCase().replace(/\s+/g, " "),
  }));
  let verdict = "";
  const show = () => {
    const wanted = search.value.toLowerCase().split(/\s+/);
    let count = 0;
    for (const { claim, words } of rows) {
      const fits = !verdict || claim.dataset.verdict === verdict;
      claim.hidden = !(fits && wanted.every((word) => words.includes(word)));
      count += !claim.hidden;
    }
    for (const part of parts) part.hidden = !part.querySelector(".claim:not([hidden])");
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.verdict === verdict));
    }
    root.querySelector(".ledger-count").textContent =
      count === rows.length ? `${count} claims` : `${count} of ${rows.length} claims`;
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      verdict = button.dataset.verdict;
      show();
    });
  }
  search.addEventListener("input", show);
  // a link to a claim that the filter hides shows everything again
  window.addEventListener("hashchange", () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || !root.contains(target) || !target.hidden) return;
    verdict = search.value = "";
    show();
    target.scrollIntoView();
  });
  root.querySelector(".ledger-controls").hidden = false;
}
