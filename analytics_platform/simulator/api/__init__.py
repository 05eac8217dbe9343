"""How the vendor tells what happened, over HTTP."""
