"""Network definitions. The modules that build networks import torch: ask for them where they are needed."""
