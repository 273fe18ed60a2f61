"""What people write today: a sequential script on the vendor's client that reads a catalog.

`retrieve` reads every model and its description by itself, `list` takes the models from the
listing and reads the descriptions. Prints how many models it read.
"""

import os
import sys

from scenario_sdk import Scenario

client = Scenario(api_key="k", api_secret="s", base_url=os.environ["SCENARIO_BASE_URL"])
project = sys.argv[2]
count = 0
for model in client.models.list(page_size=500, project_id=project):
    if sys.argv[1] == "retrieve":
        client.models.retrieve(model.id, project_id=project)
    client.models.description.retrieve(model.id, project_id=project)
    count += 1
sys.stdout.write(f"{count}\n")
