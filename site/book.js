// The widget runtime typesets its labels by MathJax 2's interface; the page has MathJax 3.
window.MathJax = Object.assign(window.MathJax || {}, {
  Hub: { Queue: ([, , element]) => window.MathJax.typesetPromise?.([element].flat()) },
});
