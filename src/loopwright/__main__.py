"""``python -m loopwright`` is the command ``loopwright``."""

from loopwright.faces.cli import main

if __name__ == "__main__":
    main()
