// Of what is fetched into the menu or the dialog only that arrives which was asked for last: who has asked for something
// else since, or left, would lose what they see by a late answer, and type into what they do not mean.

const PLACES = ["dialog", "menu", "menu-parts"];
/** @type {XMLHttpRequest | null} */
let latest = null;

/** @param {{ target: Element, requestConfig: { verb: string } }} detail */
const isFetched = ({ target, requestConfig }) => PLACES.includes(target.id) && requestConfig.verb === "get";

document.body.addEventListener("htmx:beforeSend", ({ detail }) => { if (isFetched(detail)) latest = detail.xhr; });
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!isFetched(detail) || detail.xhr === latest) return;
  detail.shouldSwap = false;
  detail.isError = false;
});
