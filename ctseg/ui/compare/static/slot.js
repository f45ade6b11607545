// A slot hands what the server wrote into it, and itself, to the stage; it shows nothing of its own.
const bus = (window.ctsegBus ??= { last: {}, hear: null });
const say = () => {
  bus.last[props.slot] = { value: props.value, element, props, trigger };
  bus.hear?.(props.slot, bus.last[props.slot]);
};
watch("value", say);
say();
// Through the side's slot the stage sends word of files that are too large: "refuse".
