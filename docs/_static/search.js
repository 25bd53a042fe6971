// The page "Search": Pagefind's index, asked for each word of a question. Pagefind itself finds only pages that have all
// words, which questions of people seldom leave over.

const STOP = new Set(
  ("a about an and any are as at be but by can come could did do does for from get give had has have how i if in " +
    "into is it its like make me mine much my of on or our should so some than that the their them then there they " +
    "this to us use want was we were what when where which who whose why will with without would you your")
    .split(" "),
);
const PAGES = 10;
const SECTIONS = 3;

const box = document.getElementById("site-search");
const status = document.getElementById("site-search-status");
const list = document.getElementById("site-search-results");
const pagefind = await import(new URL("../pagefind/pagefind.js", import.meta.url));
let latest = 0;

function wordsOf(question) {
  const words = question.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
  const telling = words.filter((word) => !STOP.has(word));
  return [...new Set(telling.length ? telling : words)];
}

/** Pages with the sum of their scores for each word, best first. */
async function rank(words) {
  const pages = new Map();
  for (const { results } of await Promise.all(words.map((word) => pagefind.search(word)))) {
    for (const result of results) {
      const page = pages.get(result.id) ?? { score: 0, hits: [] };
      page.score += result.score;
      page.hits.push(result);
      pages.set(result.id, page);
    }
  }
  return [...pages.values()].sort((one, other) => other.score - one.score);
}

/** The sections of a page that have most of the words, best first. */
async function sectionsOf(page) {
  const sections = new Map();
  const data = await Promise.all(page.hits.map((hit) => hit.data()));
  for (const { sub_results } of data) {
    for (const found of sub_results) {
      const section = sections.get(found.url) ?? { ...found, score: 0 };
      // A second place with the same word tells little.
      section.score += 1 + Math.log10(found.weighted_locations.length);
      sections.set(found.url, section);
    }
  }
  const best = [...sections.values()].sort((one, other) => other.score - one.score).slice(0, SECTIONS);
  return { title: data[0].meta.title, url: data[0].url, sections: best };
}

function link(url, text) {
  const made = document.createElement("a");
  made.href = url;
  made.textContent = text;
  return made;
}

function item({ title, url, sections }) {
  const made = document.createElement("li");
  const heading = document.createElement("h2");
  heading.append(link(url, title));
  made.append(heading);
  for (const section of sections) {
    const part = document.createElement("p");
    if (section.url !== url) part.append(link(section.url, section.title), " ");
    const excerpt = document.createElement("span");
    excerpt.innerHTML = section.excerpt; // escaped by Pagefind, but for its <mark>
    part.append(excerpt);
    made.append(part);
  }
  return made;
}

async function search(question) {
  const own = ++latest;
  const words = wordsOf(question);
  const pages = words.length ? await rank(words) : [];
  const items = await Promise.all(pages.slice(0, PAGES).map(sectionsOf));
  if (own !== latest) return; // More was typed meanwhile.
  list.replaceChildren(...items.map(item));
  list.dataset.question = question;
  status.textContent = words.length && !pages.length ? "No page has any of these words." : "";
}

box.value = new URLSearchParams(location.search).get("q") ?? "";
box.addEventListener("input", () => {
  history.replaceState(null, "", `?${new URLSearchParams({ q: box.value })}`);
  search(box.value);
});
if (!box.value) box.focus();
search(box.value);
