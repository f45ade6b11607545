// In the page's head: the first result is on its way while everything else is still read.
if (!window.location.search.match(/[?&](board|image|example)=/)) window.ctsegOpening = fetch("compare/opening");
