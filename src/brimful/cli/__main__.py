"""python -m brimful.cli"""

from brimful.cli.main import main

main()
