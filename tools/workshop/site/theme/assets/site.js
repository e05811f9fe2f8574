// Names and keyboard access for parts that the theme makes while a page loads.
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");

const scrolling = ".md-typeset pre > code, .md-typeset__scrollwrap, .md-typeset p:has(img)";
const improve = () => {
  for (const each of document.querySelectorAll("nav.md-code__nav:not([role])")) {
    each.setAttribute("role", "none");
  }
  // A keyboard can scroll only a part that can have the focus.
  for (const each of document.querySelectorAll(scrolling)) {
    if (each.scrollWidth > each.clientWidth) each.setAttribute("tabindex", "0");
    else each.removeAttribute("tabindex");
  }
};
new MutationObserver(improve).observe(document.body, { childList: true, subtree: true });
addEventListener("resize", improve);
addEventListener("load", improve);
improve();
