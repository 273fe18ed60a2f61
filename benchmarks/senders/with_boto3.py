"""Sends a file in parts with boto3 (s3transfer), which signs no content, nor hashes it unasked."""

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from benchmarks.senders.asked import asked

PART = 8 * 1024 * 1024

if __name__ == "__main__":
    told = asked()
    client = boto3.client(
        "s3",
        endpoint_url=told.origin,
        region_name="us-east-1",
        aws_access_key_id="k",
        aws_secret_access_key="s",
        verify=told.ca,
        config=Config(
            request_checksum_calculation="when_required",
            max_pool_connections=told.connections,
            s3={"payload_signing_enabled": False, "addressing_style": "path"},
        ),
    )
    transfer = TransferConfig(
        multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=told.connections
    )
    extra = {"ChecksumAlgorithm": "SHA256"} if told.sha256 else {}
    client.upload_file(told.path, "bucket", "key", Config=transfer, ExtraArgs=extra)
