"""Sends a file in parts with boto3 (s3transfer), neither hashing nor signing what it sends."""

import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

PART = 8 * 1024 * 1024

if __name__ == "__main__":
    endpoint, path, connections = sys.argv[1:]
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="k",
        aws_secret_access_key="s",
        config=Config(
            request_checksum_calculation="when_required",
            max_pool_connections=int(connections),
            s3={"payload_signing_enabled": False, "addressing_style": "path"},
        ),
    )
    transfer = TransferConfig(
        multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=int(connections)
    )
    client.upload_file(path, "bucket", "key", Config=transfer)
