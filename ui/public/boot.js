// A file of the application that did not come (the network changed, the node began anew) leaves nothing that could say so:
// this says it, and loads the page again, each time a little later. A file of its own, since the policy allows no script in the page.
addEventListener(
  "error",
  function (event) {
    var failed = event.target;
    if (!(failed instanceof HTMLScriptElement || failed instanceof HTMLLinkElement)) return;
    var root = document.getElementById("root");
    // The application is there: its parts that do not come are its own to ask for again.
    if (!root || root.childElementCount > 0) return;
    root.textContent = "The node does not answer. Trying again…";
    var tried = 5;
    try {
      tried = Number(sessionStorage.getItem("octobot.boot") || 0);
      sessionStorage.setItem("octobot.boot", String(tried + 1));
    } catch (refused) {
      // A browser that keeps nothing is asked to wait the same each time.
    }
    setTimeout(function () { location.reload(); }, Math.min(1000 * (tried + 1), 10000));
  },
  true,
);
