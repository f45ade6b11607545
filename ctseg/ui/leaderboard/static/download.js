// Buttons that fetch a table as text and hand it to the visitor as a file.
// The buttons are made anew whenever the board changes, so their surroundings listen.
element.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-kind]");
  if (!button) return;
  const file = await server.wanted_file(`${props.board} ${button.dataset.kind}`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.text], { type: file.type }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});
