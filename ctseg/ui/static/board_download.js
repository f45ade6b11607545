// Buttons that fetch a table as text and hand it to the visitor as a file.
element.querySelectorAll("button[data-kind]").forEach((button) => {
  button.addEventListener("click", async () => {
    const file = await server.board_file(props.board, button.dataset.kind);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file.text], { type: file.type }));
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
});
