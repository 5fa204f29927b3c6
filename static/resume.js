// The form that was interrupted by a lost session goes on its way by itself; without scripts its button sends it.
// Only once: who comes back to this page sees the button.
const form = document.querySelector("form[data-resume]");
if (form && !history.state?.resumed) {
  history.replaceState({ resumed: true }, "");
  form.requestSubmit();
}
