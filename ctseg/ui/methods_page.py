"""The Methods page: what every method says about itself, and what it scored."""

import gradio as gr


def methods_page(pages):
    gr.HTML("x")
