// A slot hands what the server wrote into it to the viewer; it shows nothing itself.
const bus = (window.ctsegBus ??= { last: {}, hear: null });
const tell = () => {
  bus.last[props.slot] = props.value;
  if (bus.hear && props.value) bus.hear(props.slot, props.value);
};
watch("value", tell);
if (props.value) tell();
